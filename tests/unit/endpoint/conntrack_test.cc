// What the kernel tracks, read back: connections entered by hand in a network namespace of the test's own.
#include "agent/endpoint/conntrack.h"

#include <gmock/gmock.h>
#include <sched.h>

#include <algorithm>
#include <thread>

#include "tests/live/track.h"

namespace sluice::endpoint {
namespace {

Tuple tuple(const char* source, uint16_t source_port, const char* destination, uint16_t port) {
  return {net::Ip::parse(source).value(), net::Ip::parse(destination).value(),
          net::Port::from_host(source_port), net::Port::from_host(port)};
}

std::set<net::Ip> ips(const std::vector<const char*>& texts) {
  std::set<net::Ip> all;
  for (const char* text : texts) all.insert(net::Ip::parse(text).value());
  return all;
}

TEST(Conntrack, EstablishedTcpIsReadInBothFamiliesAndNothingElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: a network namespace of its own";
  const Connection plain{tuple("10.0.0.1", 4000, "192.0.2.7", 443),
                         tuple("192.0.2.7", 443, "10.0.0.1", 4000)};
  const Connection service{tuple("10.0.0.1", 4001, "10.96.0.9", 80),
                           tuple("10.0.0.2", 8080, "10.0.0.1", 4001)};
  const Connection ipv6{tuple("fd00::1", 4000, "2001:db8::7", 443),
                        tuple("2001:db8::7", 443, "fd00::1", 4000)};
  const Connection opening{tuple("10.0.0.1", 4002, "192.0.2.7", 443),
                           tuple("192.0.2.7", 443, "10.0.0.1", 4002)};
  const Connection answered{tuple("192.0.2.7", 4003, "10.96.0.9", 80),
                            tuple("10.0.0.3", 8080, "192.0.2.7", 4003)};
  const Connection of_others{tuple("10.0.0.9", 4000, "10.0.0.8", 80),
                             tuple("10.0.0.8", 80, "10.0.0.9", 4000)};
  std::vector<Connection> read;
  std::thread([&] {  // and its namespace ends with it
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    const auto pods = ips({"10.0.0.1", "10.0.0.3", "fd00::1"});
    auto none = established_tcp(pods);
    ASSERT_TRUE(none) << none.error().message();
    EXPECT_TRUE(none->empty());
    for (const auto& connection : {plain, service, ipv6, answered, of_others}) {
      const auto tracked = live::track(connection);
      ASSERT_TRUE(tracked) << tracked.error().message();
    }
    ASSERT_TRUE(live::track(opening, TCP_CONNTRACK_SYN_SENT));
    auto all = established_tcp(pods);
    ASSERT_TRUE(all) << all.error().message();
    read = std::move(*all);
  })
      .join();
  EXPECT_THAT(read, ::testing::UnorderedElementsAre(plain, service, ipv6, answered));
}

TEST(Conntrack, ManyAreReadWhole) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: a network namespace of its own";
  constexpr uint16_t kMany = 2000;
  std::vector<Connection> read;
  std::thread([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    for (uint16_t port = 1; port <= kMany; ++port)
      ASSERT_TRUE(live::track(
          {tuple("10.0.0.1", port, "192.0.2.7", 443), tuple("192.0.2.7", 443, "10.0.0.1", port)}));
    read = std::move(*established_tcp(ips({"10.0.0.1"})));
  }).join();
  std::sort(read.begin(), read.end());
  ASSERT_EQ(read.size(), kMany);
  EXPECT_EQ(read.back().original.source_port.host(), kMany);
}

}  // namespace
}  // namespace sluice::endpoint
