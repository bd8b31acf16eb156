// A Reconciler over user-space maps, and short ways to give it inputs.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/node/reconciler.h"
#include "agent/packet/maps.h"
#include "tests/oracle/build.h"

namespace sluice::node {

using namespace oracle::build;  // NOLINT(google-build-using-namespace)

// User-space maps that remember what they are attached to, and can refuse.
class FakeMaps final : public packet::Maps {
 public:
  base::Status attach(uint32_t ifindex) {
    if (refused.contains(ifindex)) return base::Error("attach: no such device");
    attached.insert(ifindex);
    ++attaches;
    return base::done();
  }
  base::Status detach(uint32_t ifindex) {
    attached.erase(ifindex);
    return base::done();
  }
  base::Status flip(uint64_t epoch, uint64_t next_endpoint_id) override {
    if (flips_fail) return base::Error("flip: refused");
    if (flips_full) return base::Error::full("flip: no room");
    return packet::Maps::flip(epoch, next_endpoint_id);
  }
  base::Status wait_grace() override {
    ++graces;
    return graces_fail ? base::Error("wait: refused") : base::done();
  }
  std::vector<std::string> problems() const override { return wrong; }
  std::vector<std::string> wrong;
  std::set<uint32_t> attached, refused;
  int attaches = 0, graces = 0;
  bool flips_fail = false, flips_full = false, graces_fail = false;
};

class ReconcilerTest : public ::testing::Test {
 protected:
  Backend backend() {
    return {&maps_,
            [this]() -> base::Result<image::Contents> {
              if (unreadable_) return base::Error("cannot be read");
              return maps_.contents();
            },
            {[this](uint32_t ifindex) { return maps_.attach(ifindex); },
             [this](uint32_t ifindex) { return maps_.detach(ifindex); },
             [this]() -> base::Result<std::set<uint32_t>> { return maps_.attached; }},
            {},
            gives_way_,
            [this](const std::string& netns) { return closed_.contains(netns); }};
  }
  std::unique_ptr<Reconciler> make_node() {
    return std::make_unique<Reconciler>(
        "n1", backend(),
        Clock{[this] { return std::chrono::steady_clock::time_point(now_++); },
              [] { return std::chrono::system_clock::time_point(); }},
        log_);
  }
  template <typename... Objects>
  static ObjectNews objects(const Objects&... all) {
    ObjectNews news;
    (news.changes.push_back(model::Change::upsert(model::Object(all))), ...);
    return news;
  }
  static endpoint::Found found(const std::string& netns, int ifindex, const char* address) {
    return {netns, ifindex, "veth" + std::to_string(ifindex), {ip(address)}};
  }
  // A discovery, and what is to be seen of this machine's interfaces beside.
  static endpoint::Discovery discovery(std::vector<endpoint::Found> found, std::set<int> interfaces = {},
                                       std::vector<std::string> unseen = {}) {
    endpoint::Discovery all{std::move(found), {}, std::move(unseen)};
    for (const auto& place : all.found) interfaces.insert(place.host_ifindex);
    for (const int ifindex : interfaces) all.host_interfaces[ifindex] = "veth" + std::to_string(ifindex);
    all.dir = "/netns";
    return all;
  }
  // A node with web (isolated) and db found on interfaces 7 and 8.
  static void give_first(Reconciler& node) {
    node.set_objects(objects(model::Pod(pod("prod/web", "10.0.0.1").label("app", "web")),
                             model::Pod(pod("prod/db", "10.0.0.2").label("app", "db")), deny_web()));
    node.set_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}));
    node.set_node_addresses({ip("192.168.0.1")});
  }
  static model::NetworkPolicy deny_web() { return policy("prod/web").selects({{"app", "web"}}); }
  static model::NetworkPolicy with_blocks(int count) {
    auto wide = policy("prod/blocks").selects({{"app", "db"}});
    for (int i = 0; i < count; ++i)
      wide.ingress(
          rule().from(block("172.16." + std::to_string(i) + ".0/24")).tcp(static_cast<uint16_t>(80 + i)));
    return wide;
  }

  // Whose endpoint is in force on an interface.
  static std::string endpoint_at(const Reconciler& node, uint32_t ifindex) {
    for (const auto& [id, endpoint] : node.view().image().endpoints)
      if (endpoint.ifindex == ifindex) return endpoint.name;
    return "none";
  }

  // What is wrong stands from then on (Lasting).
  void pass_a_second() { now_ += Lasting::kStands; }
  void pass_until(const std::optional<std::chrono::steady_clock::time_point>& due) {
    ASSERT_TRUE(due.has_value());
    now_ = due->time_since_epoch();
  }

  FakeMaps maps_;
  bool unreadable_ = false, gives_way_ = false;
  std::set<std::string> closed_;  // paths of namespaces
  std::chrono::steady_clock::duration now_{};
  base::Log log_{base::LogFormat::kText, base::LogLevel::off};
};

}  // namespace sluice::node
