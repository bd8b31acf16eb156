// Policies that cannot be compiled, as two of their peers have one id, or that do not fit: whose they are closes, and
// everybody else's changes go on.
#include "agent/node/culprits.h"

#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Pods of three namespaces, and whatever policies a test gives.
class CulpritsTest : public ReconcilerTest {
 protected:
  CulpritsTest() {
    give({model::Change::upsert(model::Pod(pod("shop/a", "10.0.0.1").label("app", "a"))),
          model::Change::upsert(model::Pod(pod("evil/a", "10.0.0.2").label("app", "a"))),
          model::Change::upsert(model::Pod(pod("quiet/a", "10.0.0.3").label("app", "a")))});
    node_->set_discovery(
        discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("c", 9, "10.0.0.3")}));
    node_->set_node_addresses({ip("192.168.0.1")});
  }

  void give(std::vector<model::Change> changes) {
    ObjectNews news;
    news.changes = budgets_.admit(std::move(changes));
    node_->set_objects(std::move(news));
  }
  template <typename... Policies>
  void give_policies(const Policies&... policies) {
    give({model::Change::upsert(model::NetworkPolicy(policies))...});
  }
  // Until there is nothing to try any more. How often it was tried.
  size_t apply() {
    size_t times = 1;
    while (culprits_.search(node_->apply())) ++times;
    return times;
  }
  // How many rules are in force of a policy.
  size_t rules(const std::string& ns, const std::string& name) const {
    return node_->view().compiler().cluster().policies.at({ns, name}).ingress.size();
  }
  static model::NetworkPolicy blocks(const std::string& name, int count, int net = 16) {
    auto wide = policy(name).selects({{"app", "a"}});
    for (int i = 0; i < count; ++i)
      wide.ingress(rule().from(block("172." + std::to_string(net) + "." + std::to_string(i) + ".0/24")));
    return wide;
  }
  // Two addresses of which a policy each makes peers with one id: what 2^31 hashes find (SECURITY.md).
  static model::NetworkPolicy twin(const std::string& name, const char* address) {
    return policy(name).selects({{"app", "a"}}).ingress(rule().from(block(address)));
  }

  std::unique_ptr<Reconciler> node_ = make_node();
  model::PolicyBudgets budgets_;
  Culprits culprits_{budgets_, node_->view(), [this](std::vector<model::Change> changes) {
                       node_->change_objects(std::move(changes));
                     }};
};

TEST_F(CulpritsTest, WhoFillsATableClosesAndOthersGoOn) {
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 8);
  give_policies(blocks("shop/few", 2), blocks("evil/many", 20), blocks("quiet/one", 1));
  EXPECT_EQ(apply(), 2U);
  EXPECT_EQ(rules("shop", "few"), 2U);
  EXPECT_EQ(rules("quiet", "one"), 1U);
  EXPECT_EQ(rules("evil", "many"), 0U);
  EXPECT_TRUE(node_->view().all_in_force());
  EXPECT_THAT(budgets_.problems(), ElementsAre(HasSubstr("NetworkPolicy evil/many: ")));
  // Somebody else's change neither waits nor opens it.
  give_policies(blocks("quiet/one", 3));
  EXPECT_EQ(apply(), 1U);
  EXPECT_EQ(rules("quiet", "one"), 3U);
  EXPECT_EQ(rules("evil", "many"), 0U);
  // A change of its own does.
  give_policies(blocks("evil/many", 1));
  EXPECT_EQ(apply(), 1U);
  EXPECT_EQ(rules("evil", "many"), 1U);
  EXPECT_THAT(budgets_.problems(), IsEmpty());
}

TEST_F(CulpritsTest, WhoseChangeDoesNotFitClosesBeforeWhoHasMore) {
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 8);
  give_policies(blocks("shop/much", 6), blocks("evil/less", 1));
  EXPECT_EQ(apply(), 1U);
  give_policies(blocks("evil/less", 5, 17));
  EXPECT_EQ(apply(), 2U);
  EXPECT_EQ(rules("shop", "much"), 6U);
  EXPECT_EQ(rules("evil", "less"), 0U);
}

TEST_F(CulpritsTest, TwinsCloseTheirNamespaceAlone) {
  give_policies(blocks("shop/few", 2), twin("evil/one", "fd00::2abf:8627:a268:4e36/128"));
  EXPECT_EQ(apply(), 1U);
  give_policies(twin("evil/other", "fd00::1d55:c13d:99bc:d68b/128"), blocks("shop/few", 5));
  EXPECT_EQ(apply(), 3U) << "shop asks for more, and was not it";
  EXPECT_EQ(rules("shop", "few"), 5U);
  EXPECT_EQ(rules("evil", "one"), 0U);
  EXPECT_EQ(rules("evil", "other"), 0U);
  EXPECT_TRUE(node_->view().all_in_force());
  EXPECT_THAT(
      budgets_.problems(),
      ElementsAre(HasSubstr("NetworkPolicy evil/one: compile: two different contents have the id of "),
                  HasSubstr("NetworkPolicy evil/other: ")));
  give({model::Change::remove({model::Kind::kNetworkPolicy, {"evil", "other"}})});
  EXPECT_EQ(apply(), 1U);
  EXPECT_EQ(rules("evil", "one"), 1U);
}

TEST_F(CulpritsTest, WhereNobodyIsItNobodyStaysClosed) {
  give_policies(blocks("shop/few", 1), blocks("evil/many", 2));
  apply();
  maps_.flips_full = true;
  give_policies(blocks("shop/few", 2));
  EXPECT_EQ(apply(), 4U);
  EXPECT_FALSE(node_->view().all_in_force());
  EXPECT_THAT(budgets_.problems(), IsEmpty());
  EXPECT_EQ(apply(), 1U) << "not looked for again";
  maps_.flips_full = false;
  apply();
  EXPECT_TRUE(node_->view().all_in_force());
}

TEST_F(CulpritsTest, AWriteThatFailsIsNobodysFault) {
  give_policies(blocks("shop/few", 1));
  maps_.flips_fail = true;
  EXPECT_EQ(apply(), 1U);
  EXPECT_THAT(budgets_.problems(), IsEmpty());
}

}  // namespace
}  // namespace sluice::node
