// Announced endpoints: what they add to what was found, and to whom they lend an address.
#include "tests/unit/node/announced_fixture.h"

namespace sluice::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Kept {
  const char* network;
  std::set<AnnouncedKey> valid;
  std::vector<AnnouncedKey> lost;
};
TEST(Announced, WhatIsNotValidIsLostOfItsOwnNetworkOnly) {
  Announced announced;
  for (const auto& [id, network] : {std::pair("a", "n"), {"b", "n"}, {"c", "other"}, {"d", ""}}) {
    auto endpoint = announced_web().begin()->second;
    endpoint.network = network;
    announced.insert_or_assign({id, "eth0"}, endpoint);
  }
  for (const auto& [network, valid, lost] :
       {Kept{"n", {}, {{"a", "eth0"}, {"b", "eth0"}}},
        Kept{"n", {{"a", "eth0"}, {"c", "eth0"}}, {{"b", "eth0"}}},
        Kept{"n", {{"a", "net1"}, {"b", "eth0"}}, {{"a", "eth0"}}}, Kept{"other", {{"c", "eth0"}}, {}},
        Kept{"third", {}, {}}, Kept{"", {}, {}}}) {
    EXPECT_EQ(lost_of(announced, network, valid), lost) << network << ", " << valid.size() << " valid";
  }
}

struct Meant {
  const char* announced;
  const char* object;
  bool same;
};
TEST(Announced, TheUidTellsPodsOfOneNameApart) {
  for (const auto& [announced, object, same] :
       {Meant{kUid, kUid, true}, Meant{kUid, kOtherUid, false}, Meant{"", kUid, true}, Meant{kUid, "", true},
        Meant{kStaticUid, kUid, true}}) {
    model::Pod web = pod("prod/web", "10.0.0.1");
    web.uid = object;
    EXPECT_EQ(announced_web(announced).begin()->second.means(web), same) << announced << " and " << object;
  }
}

Announcement announced_in(const char* container, const char* interface, const char* host,
                          const std::string& uid) {
  auto announced = announcement(uid);
  announced.key = {container, interface};
  announced.endpoint.host_interface = host;
  return announced;
}
// What of c1, whose eth0 is prod/web's and veth7, is still there after another was announced.
struct Replacing {
  const char* says;
  Announcement fresh;
  bool stays;
};
TEST(Announced, ALaterOneReplacesWhoHadItsInterface) {
  for (const auto& [says, fresh, stays] :
       {Replacing{"the same again", announced_in("c1", "eth0", "veth7", kUid), true},
        Replacing{"another sandbox, its host interface is named by the pod",
                  announced_in("c2", "eth0", "veth7", kOtherUid), false},
        Replacing{"another sandbox of the pod", announced_in("c2", "eth0", "veth8", kUid), false},
        Replacing{"another pod", announced_in("c2", "eth0", "veth8", kOtherUid), true},
        Replacing{"another interface of it", announced_in("c1", "net1", "veth8", kUid), true},
        Replacing{"uids that nobody announced", announced_in("c2", "eth0", "veth8", ""), true}}) {
    Announced announced = announced_web(fresh.endpoint.uid.empty() ? "" : kUid);
    announce(announced, fresh);
    EXPECT_EQ(announced.contains({"c1", "eth0"}), stays) << says;
    EXPECT_EQ(announced.at(fresh.key), fresh.endpoint) << says;
  }
}

TEST(Announced, AnotherInterfaceOfItsNameIsNotMeant) {
  endpoint::Discovery here;
  here.host_interfaces = {{7, "veth7"}, {8, "veth8"}};
  Announced announced = announced_web();
  auto& web = announced.begin()->second;
  EXPECT_EQ(interface_of(here, web), 7u) << "by its name alone";
  web.host_ifindex = 7;
  EXPECT_EQ(interface_of(here, web), 7u);
  here.host_interfaces = {{8, "veth8"}, {9, "veth7"}};
  EXPECT_EQ(interface_of(here, web), 0u);
  EXPECT_THAT(with_announced(here, announced).found, IsEmpty());
  EXPECT_THAT(announced_interfaces(here, announced), IsEmpty());
  here.host_interfaces = {{7, "veth8"}};
  EXPECT_EQ(interface_of(here, web), 0u);
}

class AddressOverlayTest : public ::testing::Test {
 protected:
  // The addresses that the Reconciler takes the object for.
  std::vector<net::Ip> lent(const model::Pod& pod) {
    const auto change = overlay_.apply(model::Change::upsert(pod));
    return std::get<model::Pod>(std::get<0>(change.what)).ips;
  }
  std::vector<net::Ip> after(const Announced& announced) {
    const auto changes = overlay_.set_announced(announced);
    return changes.size() == 1 ? std::get<model::Pod>(std::get<0>(changes[0].what)).ips
                               : std::vector<net::Ip>{};
  }
  static model::Pod web(std::vector<net::Ip> ips) {
    model::Pod web = pod("prod/web");
    web.uid = kUid;
    web.node_name = "n1";
    web.phase = model::PodPhase::kPending;
    web.ips = std::move(ips);
    return web;
  }
  AddressOverlay overlay_{"n1"};
};

TEST_F(AddressOverlayTest, ThePodObjectComesAfter) {
  EXPECT_THAT(overlay_.set_announced(announced_web()), IsEmpty());
  EXPECT_THAT(lent(web({})), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lent(web({ip("10.0.0.1")})), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(after({}), IsEmpty()) << "it has its own by now";
}

TEST_F(AddressOverlayTest, ThePodObjectCameBefore) {
  EXPECT_THAT(lent(web({})), IsEmpty());
  EXPECT_THAT(after(announced_web()), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(overlay_.set_announced(announced_web()), IsEmpty()) << "announced again, nothing changes";
  const auto back = overlay_.set_announced({});
  ASSERT_EQ(back.size(), 1u);
  EXPECT_THAT(std::get<model::Pod>(std::get<0>(back[0].what)).ips, IsEmpty());
}

TEST_F(AddressOverlayTest, ANewSandboxHasItsNewAddress) {
  EXPECT_THAT(lent(web({ip("10.0.0.9")})), ElementsAre(ip("10.0.0.9")));
  EXPECT_THAT(after(announced_web()), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lent(web({ip("10.0.0.1"), ip("fd00::1")})), ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
}

TEST_F(AddressOverlayTest, NobodyElseIsLentTo) {
  (void)overlay_.set_announced(announced_web());
  model::Pod other = web({}), elsewhere = web({}), finished = web({}), host = web({}), before = web({});
  other.name.name = "db";
  elsewhere.node_name = "n2";
  finished.phase = model::PodPhase::kSucceeded;
  host.host_network = true;
  before.uid = kOtherUid;
  for (const auto& pod : {other, elsewhere, finished, host, before}) EXPECT_THAT(lent(pod), IsEmpty());
  (void)overlay_.apply(model::Change::remove({model::Kind::kPod, {"prod", "web"}}));
  EXPECT_THAT(overlay_.set_announced({}), IsEmpty());
}

}  // namespace
}  // namespace sluice::node
