#include "agent/rehearse/diff.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "agent/model/workloads.h"
#include "agent/reference/reference.h"
#include "tests/oracle/build.h"
#include "tests/oracle/names.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::rehearse {
namespace {

using namespace oracle::build;

// Does the text of a share's ports hold the port?
bool holds(const Share& share, const model::Probe& probe) {
  if (share.protocol == "any") return true;
  if (!probe.protocol.has_ports()) return share.protocol == (probe.protocol == net::kIcmp ? "ICMP" : "other");
  if (share.protocol != probe.protocol.to_text()) return false;
  if (share.ports == "all") return true;
  for (std::string_view rest = share.ports; !rest.empty();) {
    const std::string part(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const int first = std::stoi(part),
              last = part.find('-') == part.npos ? first : std::stoi(part.substr(part.find('-') + 1));
    if (first <= probe.port->host() && probe.port->host() <= last) return true;
  }
  return false;
}

// The change that names this connection; the region of an address is the longest CIDR that any change names and that
// holds it.
const Change* find(const std::vector<Change>& changes, const Ends& ends, const model::Cluster& cluster,
                   const model::ResolvedProbe& resolved, const model::Probe& probe) {
  const auto name = [&](const model::ProbeEnd& end) {
    if (end.pod != nullptr) {
      const std::string workload = model::workload_of(*end.pod);
      return std::pair(end.pod->name.to_text(), workload.empty() ? "" : end.pod->name.ns + "/" + workload);
    }
    std::optional<net::Cidr> longest;
    for (const Region& region : ends.regions)
      if (region.cidr.contains(end.ip) && (!longest || longest->contains(region.cidr))) longest = region.cidr;
    return std::pair(longest->to_text(), std::string());
  };
  const auto from = name(resolved.from), to = name(resolved.to);
  for (const Change& change : changes)
    if ((change.from == from.first || change.from == from.second) &&
        (change.to == to.first || change.to == to.second) && holds(change.share, probe))
      return &change;
  (void)cluster;
  return nullptr;
}

// The diff meets pods at the first family in common.
bool meets_first(const model::ProbeEnd& from, const model::ProbeEnd& to) {
  if (from.pod == nullptr || to.pod == nullptr) return true;
  for (const net::Ip& ip : from.pod->ips)
    for (const net::Ip& other : to.pod->ips)
      if (ip.family() == other.family()) return ip == from.ip && other == to.ip;
  return false;
}

// Law 1, against two full evaluations.
TEST(Diff, AgreesWithTwoFullEvaluations) {
  size_t opened = 0, closed = 0, same = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    model::Cluster before = oracle::random_cluster(seed, static_cast<int>(2 + seed % 12));
    before.services.clear();  // what a node rewrites is no pod's or address's own
    before.endpoint_slices.clear();
    for (auto& [name, pod] : before.pods) pod.host_ports.clear();
    model::Cluster after = before;
    for (auto& [name, policy] : oracle::random_cluster(seed + 5000, static_cast<int>(2 + seed % 12)).policies)
      if (name.name.size() % 2 == seed % 2) after.policies[name] = policy;
    if (seed % 3 == 0 && !after.policies.empty()) after.policies.erase(after.policies.begin());
    if (seed % 2 == 0) {
      before = oracle::with_tiers(std::move(before), seed);
      after.nodes = before.nodes;
      for (auto& [name, policy] : oracle::with_tiers(after, seed % 4 == 0 ? seed : seed + 1).cluster_policies)
        if (seed % 8 != 0 || policy.priority % 2 == 0) after.cluster_policies[name] = policy;
    }
    if (seed % 4 == 0) {
      before = oracle::with_names(std::move(before), seed);
      after = oracle::with_names(std::move(after), seed + 1);
      before.resolved = after.resolved = oracle::random_resolved(before, seed);
    }
    const Changes changes = difference_of(before, after);
    const Ends ends = ends_of({&before, &after});
    const model::PodAddresses addresses(before);
    const reference::Reference old(before), now(after);
    for (const model::Probe& probe : oracle::random_probes(before, seed, 400)) {
      const auto resolved = model::resolve(before, addresses, probe);
      const auto was = old.evaluate(probe), is = now.evaluate(probe);
      if (!resolved || !was || !is) continue;
      // A cut-off IPv6 packet is no traffic.
      if (!meets_first(resolved->from, resolved->to) ||
          (resolved->family() == net::Family::kIpv6 && resolved->protocol.is_ipv6_extension()))
        continue;
      const Change* opens = find(changes.opened, ends, before, *resolved, probe);
      const Change* closes = find(changes.closed, ends, before, *resolved, probe);
      const bool allowed_before = was->verdict() == model::Verdict::kAllow,
                 allowed_now = is->verdict() == model::Verdict::kAllow;
      // Its own node and itself are always allowed.
      if (resolved->from.pod == resolved->to.pod && resolved->from.pod != nullptr) continue;
      const auto is_of_own_node = [&](const model::ProbeEnd& pod, const model::ProbeEnd& other) {
        const auto node = pod.pod ? before.nodes.find({"", pod.pod->node_name}) : before.nodes.end();
        return node != before.nodes.end() &&
               std::ranges::find(node->second.addresses, other.ip) != node->second.addresses.end();
      };
      if (is_of_own_node(resolved->from, resolved->to) || is_of_own_node(resolved->to, resolved->from))
        continue;
      EXPECT_EQ(opens != nullptr, !allowed_before && allowed_now) << model::to_text(probe);
      EXPECT_EQ(closes != nullptr, allowed_before && !allowed_now) << model::to_text(probe);
      opened += opens != nullptr;
      closed += closes != nullptr;
      same += opens == nullptr && closes == nullptr;
    }
  }
  EXPECT_GT(opened, 1000u);
  EXPECT_GT(closed, 1000u);
  EXPECT_GT(same, 5000u);
}

std::string text(const Change& change) {
  std::string all =
      change.from + " -> " + change.to + " " + change.share.protocol + " " + change.share.ports + " by";
  for (const std::string& by : change.by) all += " " + by;
  return all;
}

std::vector<std::string> texts(const std::vector<Change>& changes) {
  std::vector<std::string> all;
  for (const Change& change : changes) all.push_back(text(change));
  return all;
}

using Lines = std::vector<std::string>;

TEST(Diff, ThirtyReplicasAreOneLine) {
  model::Cluster before = cluster(pod("shop/db", "10.0.0.200").label("app", "db"));
  for (int i = 1; i <= 30; ++i) {
    model::Pod one = pod("shop/web-" + std::to_string(i), ("10.0.0." + std::to_string(i)).c_str())
                         .label("app", "web")
                         .label("n", std::to_string(i));
    one.controller = "statefulset/web";
    before.pods[one.name] = one;
  }
  const auto only =
      policy("shop/db").selects({{"app", "db"}}).ingress(rule().from(pods({{"app", "web"}})).tcp(5432));
  model::Cluster after = before;
  after.policies[only.name] = only;
  const Changes closes = difference_of(before, after);
  EXPECT_EQ(texts(closes.opened), Lines{});
  EXPECT_EQ(texts(closes.closed), (Lines{"0.0.0.0/0 -> shop/db any all by shop/db",
                                         "shop/statefulset/web -> shop/db ICMP  by shop/db",
                                         "shop/statefulset/web -> shop/db SCTP all by shop/db",
                                         "shop/statefulset/web -> shop/db TCP 1-5431,5433-65535 by shop/db",
                                         "shop/statefulset/web -> shop/db UDP all by shop/db",
                                         "shop/statefulset/web -> shop/db other  by shop/db"}));
  const Changes opens = difference_of(after, before);
  EXPECT_EQ(texts(opens.closed), Lines{});
  EXPECT_EQ(texts(opens.opened)[0], "0.0.0.0/0 -> shop/db any all by");
  model::Cluster other = after;
  other.policies[only.name].ingress[0].ports[0].port = net::PortRange{number(80), number(81)};
  const Changes both = difference_of(after, other);
  EXPECT_EQ(texts(both.opened), Lines{"shop/statefulset/web -> shop/db TCP 80-81 by shop/db:ingress[0]"});
  EXPECT_EQ(texts(both.closed), Lines{"shop/statefulset/web -> shop/db TCP 5432 by shop/db:ingress[0]"});
  EXPECT_EQ(boost::json::parse(to_json(both)).at("opened").at(0).at("ports"), "80-81");
  EXPECT_NE(
      to_markdown(both).find("| `shop/statefulset/web` | `shop/db` | TCP 80-81 | `shop/db:ingress[0]` |"),
      std::string::npos);
  EXPECT_EQ(to_markdown(difference_of(after, after)), "No connection opens or closes.\n");
}

TEST(Diff, AWorkloadToItselfIsTwoOfItsReplicas) {
  model::Workload web;
  web.name = web.pod.name = {"shop", "deployment/web"};
  const model::Cluster before = model::with_workloads({}, {web});
  model::Cluster after = before;
  const auto deny = policy("shop/deny");
  after.policies[deny.name] = deny;
  const Changes changes = difference_of(before, after);
  EXPECT_EQ(texts(changes.closed),
            (Lines{"0.0.0.0/0 -> shop/deployment/web any all by shop/deny",
                   "::/0 -> shop/deployment/web any all by shop/deny",
                   "shop/deployment/web -> shop/deployment/web any all by shop/deny"}));
}

TEST(Diff, PodsOfOneSideAloneAreSaid) {
  const model::Cluster both = cluster(pod("shop/a", "10.0.0.1"), pod("shop/b", "10.0.0.2")),
                       one = cluster(pod("shop/a", "10.0.0.1"));
  EXPECT_EQ(difference_of(both, one).left_out, Lines{"shop/b"});
}

TEST(Diff, AddressesOfNamesAreRegionsOfTheirOwn) {
  model::Cluster before = cluster(pod("shop/web", "10.0.0.1"));
  before.cluster_policies[{"", "only"}] = admin("only").egress(deny().to(networks({"203.0.113.0/24"})));
  before.resolved = {{"www.example.com", {ip("203.0.113.9")}}, {"x.example.org", {ip("203.0.113.8")}}};
  model::Cluster after = before;
  auto& rules = after.cluster_policies.at({"", "only"}).egress;
  rules.insert(rules.begin(), accept().to(domains({"*.example.com"})).tcp(443));
  const Changes changes = difference_of(before, after);
  EXPECT_EQ(texts(changes.opened), Lines{"shop/web -> 203.0.113.9/32 TCP 443 by Admin/only:egress[0]"});
  EXPECT_EQ(texts(changes.closed), Lines{});
}

TEST(Diff, TheRulesOfTiersAreNamed) {
  const auto world = [](auto... more) {
    return cluster(pod("shop/web", "10.0.0.1").label("app", "web"),
                   pod("shop/db", "10.0.0.2").label("app", "db"), more...);
  };
  const model::Cluster open = world(),
                       denied = world(admin("no-ssh").ingress(deny().from(namespaces_all()).tcp(22)));
  EXPECT_EQ(texts(difference_of(open, denied).closed),
            (Lines{"shop/db -> shop/web TCP 22 by Admin/no-ssh:ingress[0]",
                   "shop/web -> shop/db TCP 22 by Admin/no-ssh:ingress[0]"}));
  EXPECT_EQ(texts(difference_of(denied, open).opened),
            (Lines{"shop/db -> shop/web TCP 22 by", "shop/web -> shop/db TCP 22 by"}));
  const model::Cluster
      closed = world(baseline("closed").selects({{"app", "db"}}).ingress(deny().from(namespaces_all()))),
      allowed = world(
          baseline("closed").selects({{"app", "db"}}).ingress(deny().from(namespaces_all())),
          policy("shop/db").selects({{"app", "db"}}).ingress(rule().from(pods({{"app", "web"}})).tcp(5432)));
  const Changes team = difference_of(closed, allowed);
  EXPECT_EQ(texts(team.opened), Lines{"shop/web -> shop/db TCP 5432 by shop/db:ingress[0]"});
  EXPECT_EQ(texts(team.closed), Lines{"0.0.0.0/0 -> shop/db any all by shop/db"}) << "from knows pods alone";
}

TEST(Diff, NodesThatPeersSelectAreAddressesOfTheirOwn) {
  model::Cluster before = cluster(node("n1", {"192.168.0.1"}), pod("shop/web", "10.0.0.1"));
  model::Cluster after = before;
  const model::ClusterNetworkPolicy policy = admin("no-nodes").egress(deny().to(nodes()).tcp(10250));
  after.cluster_policies[policy.name] = policy;
  EXPECT_EQ(texts(difference_of(before, after).closed),
            Lines{"shop/web -> 192.168.0.1/32 TCP 10250 by Admin/no-nodes:egress[0]"});
}

TEST(Diff, SaysWhatDiffersAtOtherTimes) {
  Changes changes;
  EXPECT_EQ(to_json(changes), "{\"opened\": [],\n\"closed\": []}\n");
  changes.at_other_times = {"NetworkPolicy shop/days", "NetworkPolicy shop/x"};
  EXPECT_EQ(boost::json::parse(to_json(changes)).at("at_other_times").at(0), "NetworkPolicy shop/days");
  EXPECT_EQ(other_times_text(changes),
            "NetworkPolicy shop/days, NetworkPolicy shop/x differ at other times: compare with --at TIME");
  EXPECT_NE(to_markdown(changes).find("differ at other times"), std::string::npos);
}

}  // namespace
}  // namespace sluice::rehearse
