#include "agent/endpoint/match.h"

#include <gmock/gmock.h>

namespace sluice::endpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<net::Ip> ips(const std::vector<std::string>& texts) {
  std::vector<net::Ip> out;
  for (const auto& text : texts) out.push_back(*net::Ip::parse(text));
  return out;
}

struct PodRow {
  std::string name;
  std::vector<std::string> addresses;
  int64_t created = 1;
  model::PodPhase phase = model::PodPhase::kRunning;
  bool host_network = false;
};

struct PlaceRow {
  std::string netns;
  int ifindex;
  std::vector<std::string> addresses;
};

struct Row {
  std::string says;
  std::vector<PodRow> pods;
  std::vector<PlaceRow> places;
  std::vector<std::string> local;     // "pod@ifindex address,address"
  std::vector<std::string> problems;  // a part of each line
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.says;
}

const Row kRows[] = {
    {"a pod is where its address is", {{"a", {"10.0.0.1"}}}, {{"n1", 7, {"10.0.0.1"}}}, {"a@7 10.0.0.1"}, {}},
    {"dual stack on one interface",
     {{"a", {"10.0.0.1", "fd00::1"}}},
     {{"n1", 7, {"10.0.0.1", "fd00::1"}}},
     {"a@7 10.0.0.1,fd00::1"},
     {}},
    {"the interface that carries the address counts",
     {{"a", {"10.0.0.1"}}},
     {{"n1", 7, {"192.168.0.9"}}, {"n1", 8, {"10.0.0.1", "10.9.9.9"}}},
     {"a@8 10.0.0.1"},
     {}},
    {"one family on each interface",
     {{"a", {"10.0.0.1", "fd00::1"}}},
     {{"n1", 7, {"10.0.0.1"}}, {"n1", 8, {"fd00::1"}}},
     {"a@7 10.0.0.1", "a@8 fd00::1"},
     {"pod ns/a is on several interfaces: if7 (namespace n1) has its policies; on if8 (namespace n1) the "
      "default verdict holds"}},
    {"a namespace of no pod", {{"a", {"10.0.0.1"}}}, {{"other", 3, {"10.0.0.2"}}}, {}, {}},
    {"a pod that is elsewhere", {{"a", {"10.0.0.1"}}}, {}, {}, {}},
    {"a finished pod takes no part",
     {{"a", {"10.0.0.1"}, 1, model::PodPhase::kSucceeded}},
     {{"n1", 7, {"10.0.0.1"}}},
     {},
     {}},
    {"a hostNetwork pod takes no part",
     {{"a", {"10.0.0.1"}, 1, model::PodPhase::kRunning, true}},
     {{"n1", 7, {"10.0.0.1"}}},
     {},
     {}},
    {"a reused address is the later pod's",
     {{"old", {"10.0.0.1"}, 5}, {"new", {"10.0.0.1"}, 6}},
     {{"n1", 7, {"10.0.0.1"}}},
     {"new@7 10.0.0.1"},
     {}},
    {"one address in two namespaces: both are closed",
     {{"a", {"10.0.0.1"}}},
     {{"n1", 7, {"10.0.0.1"}}, {"n2", 9, {"10.0.0.1"}}},
     {"a@7 10.0.0.1", "a@9 10.0.0.1"},
     {"pod ns/a is on several interfaces: if7 (namespace n1) has its policies; on if9 (namespace n2) the "
      "default verdict holds"}},
    {"two pods on one interface: the later one",
     {{"a", {"10.0.0.1"}, 5}, {"b", {"10.0.0.2"}, 4}},
     {{"n1", 7, {"10.0.0.1", "10.0.0.2"}}},
     {"a@7 10.0.0.1"},
     {"interface if7 (namespace n1) carries addresses of pods ns/a and ns/b: treated as ns/a"}},
};

class Matches : public ::testing::TestWithParam<Row> {};

TEST_P(Matches, AsTheRowSays) {
  const Row& row = GetParam();
  model::Cluster cluster;
  for (const PodRow& pod : row.pods) {
    model::Pod object;
    object.name = {"ns", pod.name};
    object.ips = ips(pod.addresses);
    object.created = pod.created;
    object.phase = pod.phase;
    object.host_network = pod.host_network;
    cluster.pods[object.name] = object;
  }
  std::vector<Found> found;
  for (const PlaceRow& place : row.places)
    found.push_back({place.netns, place.ifindex, "if" + std::to_string(place.ifindex), ips(place.addresses)});
  std::vector<std::string> in_order;
  for (const bool reversed : {false, true}) {
    if (reversed) std::reverse(found.begin(), found.end());
    const Matching matching = match(found, cluster);
    std::vector<std::string> local;
    for (const LocalPod& pod : matching.pods) {
      std::string line = pod.name.name + "@" + std::to_string(pod.host_ifindex) + " ";
      for (const net::Ip& ip : pod.addresses) line += (line.back() == ' ' ? "" : ",") + ip.to_text();
      local.push_back(line);
    }
    EXPECT_EQ(local, row.local);
    ASSERT_EQ(matching.problems.size(), row.problems.size());
    for (size_t i = 0; i < row.problems.size(); ++i)
      EXPECT_THAT(matching.problems[i], HasSubstr(row.problems[i]));
  }
}

TEST(Matching, TellsAFinishedPodsNamespaceFromAStrangers) {
  model::Cluster cluster;
  for (const auto& [name, address, phase] : {std::tuple{"done", "10.0.0.1", model::PodPhase::kFailed},
                                             {"here", "10.0.0.2", model::PodPhase::kRunning}}) {
    model::Pod pod;
    pod.name = {"ns", name};
    pod.ips = ips({address});
    pod.phase = phase;
    cluster.pods[pod.name] = pod;
  }
  model::Pod host;
  host.name = {"ns", "host"};
  host.ips = ips({"10.0.0.9"});
  host.host_network = true;
  cluster.pods[host.name] = host;
  const std::vector<Found> found = {{"n4", 9, "if9", ips({"10.0.0.9"})},
                                    {"n3", 8, "if8", ips({"10.0.0.3", "10.9.0.1"})},
                                    {"n2", 7, "if7", ips({"10.0.0.2"})},
                                    {"n1", 6, "if6", ips({"10.0.0.1", "10.9.0.2"})}};
  const Matching matching = match(found, cluster);
  EXPECT_THAT(matching.pods, ::testing::SizeIs(1));
  EXPECT_THAT(matching.finished, ElementsAre(found[3]));
  EXPECT_THAT(matching.unknown, ElementsAre(found[1], found[0]));
}

TEST(NotFound, PodsOfThisNodeThatTakePartAndAreNotHere) {
  model::Cluster cluster;
  auto add = [&](const char* name, const char* node, const char* address) -> model::Pod& {
    model::Pod& pod = cluster.pods[{"ns", name}];
    pod.name = {"ns", name};
    pod.node_name = node;
    pod.ips = ips({address});
    return pod;
  };
  add("found", "n1", "10.0.0.1");
  add("missing", "n1", "10.0.0.2");
  add("elsewhere", "n2", "10.0.0.3");
  add("host", "n1", "10.0.0.4").host_network = true;
  add("finished", "n1", "10.0.0.5").phase = model::PodPhase::kSucceeded;
  add("waiting", "n1", "10.0.0.6").ips.clear();
  add("superseded", "n1", "10.0.0.7");
  add("successor", "n2", "10.0.0.7").created = 9;
  LocalPod here;
  here.name = {"ns", "found"};
  EXPECT_THAT(not_found(cluster, "n1", {here}), ElementsAre(&cluster.pods.at({"ns", "missing"})));
}

INSTANTIATE_TEST_SUITE_P(Match, Matches, ::testing::ValuesIn(kRows));

}  // namespace
}  // namespace sluice::endpoint
