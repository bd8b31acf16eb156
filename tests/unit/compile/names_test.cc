// Names that were learnt, in the image: which of them are there, what addresses that have them may, and what news of
// them costs. What they mean is asked of random clusters in random_test.cc.
#include "agent/compile/names.h"

#include <gtest/gtest.h>

#include "agent/compile/compiler.h"
#include "tests/oracle/build.h"
#include "tests/unit/compile/evaluate.h"

namespace sluice::compile {
namespace {

using model::Change;
using namespace oracle::build;
using Names = std::map<NameSlot, std::optional<std::string>>;
using Addresses = std::map<net::Ip, std::vector<NameSlot>>;

const net::Ip kFirst = ip("203.0.113.9"), kSecond = ip("203.0.113.10"), kSix = ip("2001:db8::9");

auto web_of_names() {
  return pod("prod/web", "10.0.0.1").label("app", "web").on("n1");
}
// Of all pods: these names by TCP 443, then nothing of IPv4.
ClusterPolicyBuilder allows(std::vector<std::string> patterns, const char* name = "names") {
  return admin(name)
      .egress(accept().to(domains(std::move(patterns))).tcp(443))
      .egress(deny().to(networks({"0.0.0.0/0"})));
}

class NamesOfNode : public ::testing::Test {
 protected:
  void SetUp() override { change({Change::upsert(web_of_names())}); }

  // Each brings about what a compiler that starts with all of it comes to.
  void change(const std::vector<Change>& changes) {
    ASSERT_TRUE(compiler_.update(changes, std::vector<LocalPod>{{{"prod", "web"}, 7}}).ok());
    expect_as_from_nothing("after a change");
  }
  void allow(std::vector<std::string> patterns) { change({Change::upsert(allows(std::move(patterns)))}); }
  bool learn(const Names& names, const Addresses& addresses) {
    for (const auto& [slot, name] : names) names_[slot] = name;
    for (const auto& [ip, slots] : addresses) addresses_[ip] = slots;
    const bool settled = compiler_.learn(names, addresses).has_value();
    if (settled) expect_nothing_missing();
    change({});
    return settled;
  }
  image::Image from_nothing() {
    Compiler fresh("n1");
    fresh.learn(names_, addresses_);
    const auto all = model::difference({}, compiler_.cluster());
    EXPECT_TRUE(fresh.update(all, std::vector<LocalPod>{{{"prod", "web"}, 7}}).ok());
    return fresh.image();
  }
  void expect_as_from_nothing(const char* when) {
    EXPECT_EQ(to_text(compiler_.image()), to_text(from_nothing())) << when;
  }
  // What is settled may leave a rule behind that nobody asks for, until the next change.
  void expect_nothing_missing() {
    image::Difference left = image::difference(from_nothing(), compiler_.image());
    for (const auto& [key, rule] : left.rules) EXPECT_FALSE(rule.before) << key.identity.to_text();
    for (const auto& [id, portset] : left.portsets) EXPECT_FALSE(portset.before) << id.to_text();
    left.rules.clear();
    left.portsets.clear();
    EXPECT_EQ(to_text(left), "") << "which is said to be settled";
  }

  bool may(const net::Ip& to, unsigned port = 443) const {
    const auto known = addresses_.find(to);
    return evaluate(compiler_.image(),
                    {compiler_.image().endpoints.begin()->first, model::Direction::kEgress, to, net::kTcp,
                     number(static_cast<uint16_t>(port))},
                    known == addresses_.end() ? std::vector<NameSlot>() : known->second) !=
           model::Side::kDeny;
  }
  std::vector<NameSlot> named() const {
    std::vector<NameSlot> slots;
    for (const auto& [slot, name_class] : compiler_.image().names) slots.push_back(slot);
    return slots;
  }
  const image::Image& image() const { return compiler_.image(); }
  using Slots = std::vector<NameSlot>;

  Compiler compiler_{"n1"};
  Names names_;
  Addresses addresses_;
};

TEST_F(NamesOfNode, OfNoRuleAreNoEntries) {
  EXPECT_TRUE(learn({{1, "www.example.com"}}, {{kFirst, {1}}}));
  EXPECT_EQ(named(), Slots());
  allow({"api.example.org"});
  EXPECT_TRUE(learn({{2, "mail.example.com"}}, {{kFirst, {1, 2}}, {kSecond, {2}}}));
  EXPECT_EQ(named(), Slots());
  EXPECT_FALSE(may(kFirst));
}

TEST_F(NamesOfNode, PatternsMatchTheNameOrWhatFollowsOneLabelOrMore) {
  const Names all = {{1, "example.com"},    {2, "www.example.com"},      {3, "a.b.example.com"},
                     {4, "bexample.com"},   {5, "example.com.evil.net"}, {6, "com"},
                     {7, "www.example.org"}};
  (void)learn(all, {});
  const struct {
    std::vector<std::string> patterns;
    Slots matched;
  } rows[] = {
      {{"example.com"}, {1}},
      {{"www.example.com"}, {2}},
      {{"*.example.com"}, {2, 3}},
      {{"*.b.example.com"}, {3}},
      {{"*.com.evil.net"}, {5}},
      {{"*.www.example.com"}, {}},
      {{"*.example.com", "example.com"}, {1, 2, 3}},
      {{"no.such.name"}, {}},
  };
  for (const auto& row : rows) {
    allow(row.patterns);
    EXPECT_EQ(named(), row.matched) << row.patterns.front();
  }
}

TEST_F(NamesOfNode, TheFirstAddressNeedsAChangeAndTheNextOfItsKindDoesNot) {
  allow({"*.example.com"});
  EXPECT_FALSE(learn({{1, "www.example.com"}}, {{kFirst, {1}}}));
  EXPECT_TRUE(may(kFirst));
  EXPECT_FALSE(may(kFirst, 444));
  const std::string before = to_text(image());
  EXPECT_TRUE(learn({}, {{kSecond, {1}}}));
  EXPECT_EQ(to_text(image()), before) << "it is no fact of policy";
  EXPECT_TRUE(may(kSecond));
  EXPECT_TRUE(learn({{2, "api.example.com"}}, {{ip("203.0.113.11"), {2}}}))
      << "a name of a class that is there";
  EXPECT_TRUE(may(ip("203.0.113.11")));
  EXPECT_EQ(image().names.at(1), image().names.at(2)) << "no policy tells them apart";
  EXPECT_FALSE(learn({}, {{kSix, {2}}})) << "an address of another identity";
  EXPECT_TRUE(may(kSix));
}

TEST_F(NamesOfNode, ArePoliciesToComeTo) {
  EXPECT_TRUE(learn({{1, "www.example.com"}, {2, "api.example.org"}}, {{kFirst, {1}}, {kSecond, {2}}}));
  allow({"*.example.com"});
  EXPECT_TRUE(may(kFirst));
  EXPECT_FALSE(may(kSecond));
  allow({"*.example.com", "api.example.org"});
  EXPECT_TRUE(may(kSecond));
  allow({"api.example.org"});
  EXPECT_FALSE(may(kFirst));
  EXPECT_EQ(named(), Slots({2}));
  change({Change::remove({model::Kind::kClusterNetworkPolicy, {"", "names"}})});
  EXPECT_EQ(named(), Slots());
  EXPECT_FALSE(image().endpoints.begin()->second.names);
  EXPECT_TRUE(image().rules.empty());
  allow({"*.example.com"});
  EXPECT_TRUE(may(kFirst));
  EXPECT_TRUE(image().endpoints.begin()->second.names);
}

TEST_F(NamesOfNode, OfTwoPatternSetsAreTwoClasses) {
  allow({"*.example.com"});
  (void)learn({{1, "www.example.com"}, {2, "api.example.com"}}, {{kFirst, {1}}, {kSecond, {1, 2}}});
  change({Change::upsert(allows({"api.example.com"}, "other"))});
  EXPECT_NE(image().names.at(1), image().names.at(2));
  EXPECT_TRUE(may(kFirst));
  EXPECT_TRUE(may(kSecond));
  change({Change::remove({model::Kind::kClusterNetworkPolicy, {"", "names"}})});
  EXPECT_FALSE(may(kFirst));
  EXPECT_TRUE(may(kSecond)) << "by its other name";
  EXPECT_EQ(named(), Slots({2}));
}

TEST_F(NamesOfNode, ADenyBeforeTheAcceptWins) {
  change({Change::upsert(admin("early", 0).egress(deny().to(networks({"203.0.113.9/32"})))),
          Change::upsert(admin("late", 1)
                             .egress(accept().to(domains({"*.example.com"})))
                             .egress(deny().to(networks({"0.0.0.0/0"}))))});
  (void)learn({{1, "www.example.com"}}, {{kFirst, {1}}, {kSecond, {1}}});
  EXPECT_FALSE(may(kFirst));
  EXPECT_TRUE(may(kSecond));
}

TEST_F(NamesOfNode, AreForgotten) {
  allow({"*.example.com"});
  (void)learn({{1, "www.example.com"}, {2, "api.example.com"}}, {{kFirst, {1, 2}}, {kSecond, {1}}});
  (void)learn({}, {{kSecond, {}}});
  EXPECT_FALSE(may(kSecond));
  EXPECT_TRUE(may(kFirst));
  EXPECT_FALSE(learn({{1, std::nullopt}}, {{kFirst, {2}}}));
  EXPECT_EQ(named(), Slots({2}));
  EXPECT_TRUE(may(kFirst));
  (void)learn({}, {{kFirst, {}}});
  EXPECT_EQ(named(), Slots({2})) << "a name without addresses is one still";
  (void)learn({{2, std::nullopt}}, {});
  EXPECT_EQ(named(), Slots());
}

TEST_F(NamesOfNode, ASlotMayStandForAnotherNameLater) {
  allow({"*.example.com"});
  (void)learn({{1, "www.example.com"}}, {{kFirst, {1}}});
  (void)learn({{1, "api.example.org"}}, {});
  EXPECT_FALSE(may(kFirst));
  (void)learn({{1, "api.example.com"}, {2, "www.example.com"}}, {{kFirst, {2}}, {kSecond, {1}}});
  EXPECT_TRUE(may(kFirst));
  EXPECT_TRUE(may(kSecond));
  (void)learn({{1, "www.example.com"}, {2, "api.example.com"}}, {});
  EXPECT_TRUE(may(kFirst)) << "the two change places";
}

TEST_F(NamesOfNode, AnAddressMayComeBeforeItsName) {
  allow({"*.example.com"});
  EXPECT_TRUE(learn({}, {{kFirst, {1}}}));
  EXPECT_FALSE(may(kFirst));
  EXPECT_FALSE(learn({{1, "www.example.com"}}, {}));
  EXPECT_TRUE(may(kFirst));
}

TEST_F(NamesOfNode, AnAddressKeepsItsNamesWhateverItIs) {
  allow({"*.example.com"});
  const net::Ip ip4 = ip("10.0.0.9");
  (void)learn({{1, "db.example.com"}}, {{ip4, {1}}});
  const std::vector<Change> rows[] = {
      {Change::upsert(pod("prod/db", "10.0.0.9").label("app", "db"))},
      {Change::upsert(admin("more", 9).egress(accept().to(pods_anywhere({{"app", "db"}})).tcp(1)))},
      {Change::upsert(pod("prod/db", "10.0.0.9").label("app", "other"))},
      {Change::upsert(admin("more", 9).egress(deny().to(networks({"10.0.0.8/30"}))))},
      {Change::remove({model::Kind::kPod, {"prod", "db"}})},
      {Change::upsert(node("n1", {"10.0.0.9"}))},
      {Change::upsert(node("n1", {"10.0.0.7"}))},
      {Change::remove({model::Kind::kClusterNetworkPolicy, {"", "more"}})},
  };
  for (const auto& row : rows) {
    change(row);
    EXPECT_TRUE(may(ip4)) << row.front().id().to_text();
    EXPECT_FALSE(may(ip4, 444)) << row.front().id().to_text();
    EXPECT_TRUE(learn({}, {{ip("10.0.0.77"), {}}})) << "nothing is left to do";
  }
}

TEST_F(NamesOfNode, OfAServicesAddressAreItsService) {
  allow({"*.example.com"});
  const net::Ip ip4 = ip("10.96.0.1");
  change({Change::upsert(service("prod/db", "10.96.0.1").port(443, 5432)),
          Change::upsert(slice("prod/db-1", "db").port(5432).ready("10.0.0.2")),
          Change::upsert(pod("prod/db", "10.0.0.2"))});
  EXPECT_FALSE(may(ip4));
  EXPECT_FALSE(learn({{1, "db.example.com"}}, {{ip4, {1}}}));
  EXPECT_TRUE(may(ip4));
  EXPECT_FALSE(may(ip4, 444));
  EXPECT_FALSE(learn({{2, "api.example.org"}}, {{ip4, {1, 2}}})) << "what Services say is always compiled";
  change({Change::remove({model::Kind::kService, {"prod", "db"}})});
  EXPECT_TRUE(may(ip4)) << "as any address";
  change({Change::upsert(service("prod/db", "10.96.0.1").port(443, 5432))});
  (void)learn({}, {{ip4, {}}});
  EXPECT_FALSE(may(ip4));
}

TEST_F(NamesOfNode, ANamedPortIsThatOfThePodWithTheAddress) {
  change({Change::upsert(pod("prod/db", "10.0.0.2").port("pg", 5432)),
          Change::upsert(admin("named")
                             .egress(accept().to(domains({"*.example.com"})).named("pg"))
                             .egress(deny().to(networks({"0.0.0.0/0"}))))});
  (void)learn({{1, "db.example.com"}}, {{ip("10.0.0.2"), {1}}, {kFirst, {1}}});
  EXPECT_TRUE(may(ip("10.0.0.2"), 5432));
  EXPECT_FALSE(may(ip("10.0.0.2"), 5433));
  EXPECT_FALSE(may(kFirst, 5432)) << "no pod has it";
}

}  // namespace
}  // namespace sluice::compile
