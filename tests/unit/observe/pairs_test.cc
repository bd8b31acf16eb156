// The busiest pairs.
#include "agent/observe/pairs.h"

#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

TEST(Pairs, WorkloadsAreOneWhateverTheirPodsAndPorts) {
  Pairs pairs;
  FlowRecord record = denied_record();
  pairs.add(record);
  record.source.pod = "web-2";
  record.source.port = net::Port::from_host(5);
  record.count = 10;
  record.lost = 2;
  record.id = "1f-9";
  pairs.add(record);
  const auto busiest = pairs.busiest(10);
  ASSERT_EQ(busiest.size(), 1u);
  EXPECT_EQ(busiest[0].source, "shop/deployment/web");
  EXPECT_EQ(busiest[0].destination, "shop/api-1");
  EXPECT_EQ(busiest[0].port, 8080);
  EXPECT_EQ(busiest[0].count, 11u);
  EXPECT_EQ(busiest[0].id, "1f-9");
  EXPECT_EQ(busiest[0].why, "shop/api-from-web and 1 more");
  EXPECT_EQ(pairs.lost(), 2u);
}

TEST(Pairs, DeniedFirstThenByCountAndSoManyOfEach) {
  Pairs pairs;
  for (uint16_t port = 1; port <= 3; ++port)
    for (FlowRecord record : {allowed_record(), denied_record()}) {
      record.destination.port = net::Port::from_host(port);
      record.count = port;
      pairs.add(record);
    }
  std::string text;
  for (const Pair& pair : pairs.busiest(2))
    text += std::string(to_text(pair.verdict)) + " " + std::to_string(pair.port) + "; ";
  EXPECT_EQ(text, "denied 3; denied 2; allowed 3; allowed 2; ");
}

TEST(Pairs, NoMoreThanItHasRoomFor) {
  Pairs pairs;
  FlowRecord record = denied_record();
  for (size_t i = 0; i < Pairs::kMost + 5; ++i) {
    record.destination.pod = "p" + std::to_string(i);
    pairs.add(record);
  }
  EXPECT_EQ(pairs.others(), 5u);
}

}  // namespace
}  // namespace sluice::observe
