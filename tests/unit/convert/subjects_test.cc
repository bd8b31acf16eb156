// What is known of selections without the pods.
#include "agent/convert/subjects.h"

#include <gtest/gtest.h>

namespace sluice::convert {
namespace {

using model::Operator;

Subjects pods(Operator op, std::vector<std::string> values) {
  return {{{}, {{{"app", op, std::move(values)}}}}};
}

TEST(Subjects, CoverAndStandApart) {
  const Subjects all = {{}}, web = pods(Operator::kIn, {"web"}), db = pods(Operator::kIn, {"db"}),
                 none = pods(Operator::kDoesNotExist, {}), not_web = pods(Operator::kNotIn, {"db", "web"}),
                 some = pods(Operator::kExists, {});
  EXPECT_TRUE(covers(all, web));
  EXPECT_FALSE(covers(web, all));
  EXPECT_TRUE(covers({web[0], db[0]}, db));
  EXPECT_TRUE(covers(web, {}));
  EXPECT_TRUE(are_apart(web, db));
  EXPECT_TRUE(are_apart(web, none));
  EXPECT_TRUE(are_apart(not_web, web));
  EXPECT_TRUE(are_apart(some, none));
  EXPECT_FALSE(are_apart(web, some));
  EXPECT_FALSE(are_apart(all, web));
  EXPECT_TRUE(are_apart({}, all));
}

TEST(Subjects, PrefixesAndPortsThatMeet) {
  const net::Cidr ten = *net::Cidr::parse("10.0.0.0/8"), part = *net::Cidr::parse("10.1.0.0/16"),
                  six = *net::Cidr::parse("::/0");
  EXPECT_TRUE(overlap(ten, part) && overlap(part, ten));
  EXPECT_FALSE(overlap(ten, six));
  EXPECT_TRUE(overlap(std::vector{six, ten}, std::vector{part}));
  const auto port = [](net::Protocol protocol, uint16_t number) {
    return model::PolicyPort{protocol, net::PortRange::one(net::Port::from_host(number))};
  };
  EXPECT_TRUE(overlap(std::vector{port(net::kTcp, 80)}, std::vector{model::PolicyPort{net::kTcp, {}}}));
  EXPECT_FALSE(
      overlap(std::vector{port(net::kTcp, 80)}, std::vector{port(net::kUdp, 80), port(net::kTcp, 81)}));
  EXPECT_TRUE(overlap(std::vector{port(net::kTcp, 80)},
                      std::vector{model::PolicyPort{net::kTcp, std::string("http")}}));
}

}  // namespace
}  // namespace sluice::convert
