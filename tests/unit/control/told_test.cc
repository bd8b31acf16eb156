// Told endpoints: what is read of them, what they add to what was found, and to whom they lend an address.
#include <filesystem>
#include <fstream>

#include "agent/control/told_file.h"
#include "tests/unit/control/told_fixture.h"

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct WrongRequest {
  const char* name;
  std::function<void(v1::AddEndpointRequest&)> spoil;
  const char* error;
};
class ToldRefuses : public ::testing::TestWithParam<WrongRequest> {};
TEST_P(ToldRefuses, NamesTheField) {
  auto spoilt = request();
  GetParam().spoil(spoilt);
  const auto read = read_told(spoilt);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), ::testing::StartsWith(GetParam().error));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, ToldRefuses,
    ::testing::Values(
        WrongRequest{"no_container", [](auto& r) { r.clear_container_id(); }, "container_id: is missing"},
        WrongRequest{"no_interface", [](auto& r) { r.clear_interface_name(); }, "interface_name: is missing"},
        WrongRequest{"no_namespace", [](auto& r) { r.clear_namespace_(); }, "namespace: is missing"},
        WrongRequest{"bad_namespace", [](auto& r) { r.set_namespace_("a/b"); }, "namespace: \"a/b\" is not"},
        WrongRequest{"no_pod", [](auto& r) { r.clear_pod(); }, "pod: is missing"},
        WrongRequest{"bad_pod", [](auto& r) { r.set_pod("A"); }, "pod: \"A\" is not"},
        WrongRequest{"no_host_interface", [](auto& r) { r.clear_host_interface(); },
                     "host_interface: is missing"},
        WrongRequest{"long_host_interface", [](auto& r) { r.set_host_interface("a123456789012345"); },
                     "host_interface: \"a123456789012345\" is longer than 15 bytes"},
        WrongRequest{"great_ifindex", [](auto& r) { r.set_host_ifindex(0x80000000); }, "host_ifindex: is no"},
        WrongRequest{"no_address", [](auto& r) { r.clear_addresses(); }, "addresses: is empty"},
        WrongRequest{"bad_address", [](auto& r) { r.set_addresses(0, "10.0.0"); }, "addresses: "},
        WrongRequest{"long_network", [](auto& r) { r.set_network(std::string(5000, 'x')); }, "network: "},
        WrongRequest{"long_uid", [](auto& r) { r.set_uid(std::string(5000, 'x')); }, "uid: "}),
    [](const auto& row) { return row.param.name; });

TEST(Told, AddressesAreReadWithAndWithoutALength) {
  auto both = request();
  both.add_addresses("fd00::1/64");
  both.add_addresses("10.0.0.1/24");
  EXPECT_THAT(read_told(both).value().endpoint.addresses, ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
}

struct Kept {
  const char* network;
  std::vector<ToldKey> valid;
  std::vector<ToldKey> lost;
};
TEST(Told, WhatIsNotValidIsLostOfItsOwnNetworkOnly) {
  Told told;
  for (const auto& [id, network] : {std::pair("a", "n"), {"b", "n"}, {"c", "other"}, {"d", ""}}) {
    auto endpoint = told_web().begin()->second;
    endpoint.network = network;
    told.insert_or_assign({id, "eth0"}, endpoint);
  }
  for (const auto& [network, valid, lost] :
       {Kept{"n", {}, {{"a", "eth0"}, {"b", "eth0"}}},
        Kept{"n", {{"a", "eth0"}, {"c", "eth0"}}, {{"b", "eth0"}}},
        Kept{"n", {{"a", "net1"}, {"b", "eth0"}}, {{"a", "eth0"}}}, Kept{"other", {{"c", "eth0"}}, {}},
        Kept{"third", {}, {}}, Kept{"", {}, {}}}) {
    v1::KeepEndpointsRequest request;
    request.set_network(network);
    for (const auto& key : valid) {
      request.add_valid()->set_container_id(key.container_id);
      request.mutable_valid(request.valid_size() - 1)->set_interface_name(key.interface_name);
    }
    EXPECT_EQ(lost_of(told, request), lost) << network << ", " << valid.size() << " valid";
  }
}

struct Meant {
  const char* told;
  const char* object;
  bool same;
};
TEST(Told, TheUidTellsPodsOfOneNameApart) {
  for (const auto& [told, object, same] :
       {Meant{kUid, kUid, true}, Meant{kUid, kOtherUid, false}, Meant{"", kUid, true}, Meant{kUid, "", true},
        Meant{kStaticUid, kUid, true}}) {
    model::Pod web = pod("prod/web", "10.0.0.1");
    web.uid = object;
    EXPECT_EQ(told_web(told).begin()->second.means(web), same) << told << " and " << object;
  }
}

TEST(Told, TheFileComesBackAndSpoiltLinesAreLeftOut) {
  char pattern[] = "/tmp/sluice-told-XXXXXX";
  const std::string directory = ::mkdtemp(pattern);
  const std::string path = told_file(directory + "/sluice.sock");
  EXPECT_TRUE(read_told_file(path).value().told.empty());
  Told two = told_web();
  two.begin()->second.host_ifindex = 7;
  two.begin()->second.network = "net";
  two.insert_or_assign({"c2", "eth0"}, two.begin()->second);
  ASSERT_TRUE(write_told_file(path, two).ok());
  EXPECT_EQ(read_told_file(path).value().told, two);
  std::ofstream(path, std::ios::app) << "{\"containerId\":\"c3\"}\nnothing\n";
  const auto spoilt = read_told_file(path).value();
  EXPECT_EQ(spoilt.told, two);
  ASSERT_EQ(spoilt.problems.size(), 2u);
  EXPECT_THAT(spoilt.problems[0], HasSubstr("line 3: interface_name: is missing"));
  EXPECT_FALSE(write_told_file(directory + "/none/x", two).ok());
  EXPECT_TRUE(remove_told_file(path).ok());
  EXPECT_TRUE(remove_told_file(path).ok()) << "gone already";
  EXPECT_TRUE(read_told_file(path).value().told.empty());
  std::filesystem::remove_all(directory);
}

ToldRequest told_in(const char* container, const char* interface, const char* host, const std::string& uid) {
  auto told = request(uid);
  told.set_container_id(container);
  told.set_interface_name(interface);
  told.set_host_interface(host);
  return read_told(told).value();
}
// What of c1, whose eth0 is prod/web's and veth7, is still there after another is told of.
struct Replacing {
  const char* says;
  ToldRequest fresh;
  bool stays;
};
TEST(Told, ALaterOneReplacesWhoHadItsInterface) {
  for (const auto& [says, fresh, stays] :
       {Replacing{"the same again", told_in("c1", "eth0", "veth7", kUid), true},
        Replacing{"another sandbox, its host interface is named by the pod",
                  told_in("c2", "eth0", "veth7", kOtherUid), false},
        Replacing{"another sandbox of the pod", told_in("c2", "eth0", "veth8", kUid), false},
        Replacing{"another pod", told_in("c2", "eth0", "veth8", kOtherUid), true},
        Replacing{"another interface of it", told_in("c1", "net1", "veth8", kUid), true},
        Replacing{"uids that nobody told", told_in("c2", "eth0", "veth8", ""), true}}) {
    Told told = told_web(fresh.endpoint.uid.empty() ? "" : kUid);
    tell(told, fresh);
    EXPECT_EQ(told.contains({"c1", "eth0"}), stays) << says;
    EXPECT_EQ(told.at(fresh.key), fresh.endpoint) << says;
  }
}

TEST(Told, AnotherInterfaceOfItsNameIsNotMeant) {
  endpoint::Discovery here;
  here.host_interfaces = {{7, "veth7"}, {8, "veth8"}};
  Told told = told_web();
  auto& web = told.begin()->second;
  EXPECT_EQ(interface_of(here, web), 7u) << "by its name alone";
  web.host_ifindex = 7;
  EXPECT_EQ(interface_of(here, web), 7u);
  here.host_interfaces = {{8, "veth8"}, {9, "veth7"}};
  EXPECT_EQ(interface_of(here, web), 0u);
  EXPECT_THAT(with_told(here, told).found, IsEmpty());
  EXPECT_THAT(told_interfaces(here, told), IsEmpty());
  here.host_interfaces = {{7, "veth8"}};
  EXPECT_EQ(interface_of(here, web), 0u);
}

class LendingTest : public ::testing::Test {
 protected:
  // The addresses that the Node takes the object for.
  std::vector<net::Ip> lent(const model::Pod& pod) {
    const auto change = lending_.lend(model::Change::upsert(pod));
    return std::get<model::Pod>(std::get<0>(change.what)).ips;
  }
  std::vector<net::Ip> after(const Told& told) {
    const auto changes = lending_.take_told(told);
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
  Lending lending_{"n1"};
};

TEST_F(LendingTest, ThePodObjectComesAfter) {
  EXPECT_THAT(lending_.take_told(told_web()), IsEmpty());
  EXPECT_THAT(lent(web({})), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lent(web({ip("10.0.0.1")})), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(after({}), IsEmpty()) << "it has its own by now";
}

TEST_F(LendingTest, ThePodObjectCameBefore) {
  EXPECT_THAT(lent(web({})), IsEmpty());
  EXPECT_THAT(after(told_web()), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lending_.take_told(told_web()), IsEmpty()) << "told again, nothing changes";
  const auto back = lending_.take_told({});
  ASSERT_EQ(back.size(), 1u);
  EXPECT_THAT(std::get<model::Pod>(std::get<0>(back[0].what)).ips, IsEmpty());
}

TEST_F(LendingTest, ANewSandboxHasItsNewAddress) {
  EXPECT_THAT(lent(web({ip("10.0.0.9")})), ElementsAre(ip("10.0.0.9")));
  EXPECT_THAT(after(told_web()), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lent(web({ip("10.0.0.1"), ip("fd00::1")})), ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
}

TEST_F(LendingTest, NobodyElseIsLentTo) {
  (void)lending_.take_told(told_web());
  model::Pod other = web({}), elsewhere = web({}), finished = web({}), host = web({}), before = web({});
  other.name.name = "db";
  elsewhere.node_name = "n2";
  finished.phase = model::PodPhase::kSucceeded;
  host.host_network = true;
  before.uid = kOtherUid;
  for (const auto& pod : {other, elsewhere, finished, host, before}) EXPECT_THAT(lent(pod), IsEmpty());
  (void)lending_.lend(model::Change::remove({model::Kind::kPod, {"prod", "web"}}));
  EXPECT_THAT(lending_.take_told({}), IsEmpty());
}

}  // namespace
}  // namespace sluice::control
