// Replays what the model change.pml did, in a random order that spin chose, on the code itself: node::Applier with
// placement and plan, the policy tables, and the path of bpf/ as user space builds it. The model says which function
// comes next, of the agent or of which CPU's packet, and in the end what the verdict is.
// usage: spin -T -nSEED -DWHOLE ... change.pml | model_replay
//
// It fails where
//  1 the code's next function is not the model's;
//  2 a verdict is not the model's;
//  3 nothing was put in force, or no packet was judged.
#include <array>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "agent/image/encode.h"
#include "agent/node/applier.h"
#include "agent/packet/build.h"
#include "agent/packet/maps.h"
#include "tests/kernel/world.h"
#include "tests/model/actor.h"

using sluice::testing::Actor;

extern "C" void sluice_replay_stop(const char* hidden) {
  if (Actor* actor = Actor::current(); actor && std::strcmp(hidden, "side") == 0)
    actor->stop("sluice_fact_at");
}

namespace {

using namespace sluice;
using namespace sluice::testing;

constexpr const char* kOwn = "10.0.0.1";
constexpr const char* kRemote = "10.9.9.9";
constexpr std::array kProtocols = {net::kTcp, net::kUdp};

// The model's: the port set 1 has all ports of TCP, 2 all of UDP; 0: there is no rule.
image::Image image_of(uint64_t ruleset, uint64_t identity, unsigned ports) {
  image::Image image = World(ip(kOwn)).image();
  const image::IdentityId remote{0x100 + identity};
  image.endpoints.at(kPod).sides[SLUICE_EGRESS] = {{ruleset}, {}};
  image.addresses[ip(kRemote)] = {remote, false, false};
  if (ports == 0) return image;
  image::Portset set;
  set.add(kProtocols.at(ports - 1), net::PortRange::all());
  image.portsets[set.id()] = set;
  image.rules[{{ruleset}, remote}] = image::Ref::ports(set.id());
  return image;
}

// The maps as the agent writes them: it stops before each entry.
class SteppedMaps final : public image::Target {
 public:
  explicit SteppedMaps(packet::Maps& maps) : maps_(maps) {}

  base::Status write(const image::Batch& batch) override {
    const auto sizes = image::map_sizes(batch.map);
    const std::string what = (batch.removal ? "remove " : "write ") + std::string(image::map_name(batch.map));
    for (uint32_t i = 0; i < batch.count; ++i) {
      if (!stop(what)) return base::Error("the model says that it fails");
      image::Batch one{batch.map, batch.removal, 1, {}, {}};
      const auto part = [i](const std::vector<uint8_t>& bytes, size_t size) {
        const auto begin = bytes.begin() + static_cast<ptrdiff_t>(i * size);
        return std::vector<uint8_t>(begin, begin + static_cast<ptrdiff_t>(size));
      };
      one.keys = part(batch.keys, sizes.key);
      if (!batch.removal) one.values = part(batch.values, sizes.value);
      if (base::Status written = maps_.write(one); !written) return written;
    }
    return base::done();
  }
  base::Status store(const image::EndpointWrite& write) override {
    if (!stop("store endpoint")) return base::Error("the model says that it fails");
    return maps_.store(write);
  }
  base::Status store(const image::InterfaceWrite& write) override {
    stop("store interface");
    return maps_.store(write);
  }
  base::Status set_prefix_flags(uint64_t flags) override { return maps_.set_prefix_flags(flags); }
  base::Status flip(uint64_t epoch, uint64_t next_endpoint_id) override {
    stop("flip");
    return maps_.flip(epoch, next_endpoint_id);
  }
  base::Status wait_grace() override {
    stop("wait_grace");
    return maps_.wait_grace();
  }

 private:
  static bool stop(const std::string& next) {
    Actor* actor = Actor::current();
    return actor ? actor->stop(next) : true;
  }
  packet::Maps& maps_;
};

// What a node has, and what the driver tells the actors.
struct Node {
  packet::Maps maps;
  SteppedMaps stepped{maps};
  image::Image wanted = image_of(1, 1, 1);
  unsigned flips = 0;
};

// An agent after the other, each from what is in the maps.
void run_agents(Actor& self, Node& node) {
  for (;; self.leave_at_end()) {
    try {
      (void)node.stepped.wait_grace();  // as KernelMaps::open() does
      node::Applier applier(&node.stepped, [&]() -> base::Result<image::Contents> {
        self.stop("read");
        return node.maps.contents();
      });
      if (auto read = applier.read(); !read) throw std::runtime_error(read.error().message());
      for (image::Image compiled = applier.in_force({});; self.leave_at_end()) {
        self.stop("plan");
        self.leave_at_end();
        const image::Image before = std::exchange(compiled, node.wanted);
        if (!applier.put(compiled, applier.difference(compiled, image::difference(before, compiled))))
          continue;
        ++node.flips;
        if (auto cleaned = applier.clean_up(compiled); !cleaned)
          throw std::runtime_error(cleaned.error().message());
      }
    } catch (const Died&) {
    }
  }
}

// A CPU: a packet after the other, from the pod to the address. Nothing is remembered of connections.
class Cpu {
 public:
  explicit Cpu(Node& node)
      : node_(node), recent_(SLUICE_RECENT_VERDICTS), actor_([this](Actor& self) { run(self); }) {}

  Actor& actor() { return actor_; }
  void set_protocol(unsigned protocol) { protocol_ = protocol; }
  bool passed() const { return passed_; }

 private:
  void run(Actor& self) {
    for (;; self.leave_at_end()) {
      self.stop("sluice_path");
      self.leave_at_end();
      const auto frame =
          packet::build(packet::opening(ip(kOwn), ip(kRemote), kProtocols.at(protocol_), port(80)));
      sluice_user_ctx ctx = context(frame);
      passed_ = sluice_user_path(&ctx, SLUICE_EGRESS);
      self.stop("verdict");
    }
  }
  sluice_user_ctx context(const packet::Bytes& frame) {
    sluice_user_ctx ctx = node_.maps.context(1000);
    inner_ = ctx;
    ctx.maps = this;
    ctx.lookup = [](void* cpu, sluice_map map, const void* key) {
      return static_cast<Cpu*>(cpu)->look_up(map, key);
    };
    ctx.table_line = [](void* cpu, __u32 slot, __u32 index) {
      return static_cast<Cpu*>(cpu)->table_line(slot, index);
    };
    ctx.insert = [](void*, sluice_map, const void*, const void*) {};
    ctx.emit = [](void*, const sluice_event*) { return true; };
    ctx.data = frame.data();
    ctx.length = static_cast<uint32_t>(frame.size());
    ctx.ifindex = kPodInterface;
    return ctx;
  }
  void* look_up(sluice_map map, const void* key) {
    if (map == SLUICE_MAP_FLOWS4) return nullptr;
    if (map == SLUICE_MAP_INTERFACES) actor_.stop("sluice_find_pod");
    if (map == SLUICE_MAP_PORTSETS) actor_.stop("sluice_portset_holds");
    if (map != SLUICE_MAP_RECENT_VERDICTS) return node_.maps.lookup(map, key);
    actor_.stop("sluice_judge_cached");
    uint32_t index = 0;
    std::memcpy(&index, key, sizeof index);
    return &recent_.at(index);
  }
  const __u64* table_line(uint32_t slot, uint32_t index) {
    const uint32_t table = slot / 2;
    if (table == SLUICE_TABLE_ADDRESSES4) actor_.stop("sluice_identify");
    if (table == SLUICE_TABLE_RULES) actor_.stop("sluice_find_rule");
    return inner_.table_line(inner_.maps, slot, index);
  }

  Node& node_;
  std::vector<sluice_recent_verdict> recent_;
  sluice_user_ctx inner_{};
  unsigned protocol_ = 0;
  bool passed_ = false;
  Actor actor_;  // last: it runs from here on
};

class Replay {
 public:
  Replay() {
    node::Applier first(&node_.stepped,
                        [this] { return base::Result<image::Contents>(node_.maps.contents()); });
    (void)first.read();
    if (!first.put(node_.wanted, first.difference(node_.wanted, {})) || !first.clean_up(node_.wanted))
      throw std::runtime_error("the first state is not in force");
    agent_ = std::make_unique<Actor>([this](Actor& self) { run_agents(self, node_); });
    for (auto& cpu : cpus_) cpu = std::make_unique<Cpu>(node_);
  }

  // One line of the trace; what is wrong with it, or nothing.
  std::string step(const std::string& line) {
    std::istringstream words(line);
    std::string mark, who, what;
    words >> mark >> who;
    std::getline(words >> std::ws, what);
    if (who == "agent") return step_agent(what);
    if (who == "cpu0" || who == "cpu1") return step_cpu(*cpus_.at(who == "cpu1"), what);
    return "'" + who + "' is nobody";
  }
  unsigned flips() const { return node_.flips; }
  unsigned packets() const { return packets_; }
  unsigned deaths() const { return deaths_; }
  unsigned failures() const { return failures_; }

 private:
  static std::string expect(const Actor& actor, const std::string& next) {
    return actor.next() == next ? "" : "the model does '" + next + "', the code '" + actor.next() + "'";
  }
  std::string step_agent(const std::string& what) {
    if (what == "dies" || what == "fails") {
      ++(what == "dies" ? deaths_ : failures_);
      agent_->go(what == "dies" ? Actor::Order::kDie : Actor::Order::kFail);
      return "";
    }
    unsigned ruleset = 0, identity = 0, ports = 0;
    const bool plans = std::sscanf(what.c_str(), "plan %u %u %u", &ruleset, &identity, &ports) == 3;
    if (plans) node_.wanted = image_of(ruleset, identity, ports);
    std::string wrong = expect(*agent_, plans ? "plan" : what);
    if (wrong.empty()) agent_->go();
    return wrong;
  }
  std::string step_cpu(Cpu& cpu, const std::string& what) {
    std::istringstream words(what);
    std::string name;
    unsigned number = 0;
    words >> name >> number;
    if (name == "sluice_path") cpu.set_protocol(number);
    std::string wrong = expect(cpu.actor(), name);
    if (wrong.empty() && name == "verdict") {
      ++packets_;
      if (cpu.passed() != (number == 1)) wrong = cpu.passed() ? "the code lets it pass" : "the code drops it";
    }
    if (wrong.empty()) cpu.actor().go();
    return wrong;
  }

  Node node_;
  unsigned packets_ = 0, deaths_ = 0, failures_ = 0;
  std::unique_ptr<Actor> agent_;
  std::array<std::unique_ptr<Cpu>, 2> cpus_;
};

}  // namespace

int main() {
  Replay replay;
  unsigned number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    if (!line.starts_with("> ")) continue;
    if (const std::string wrong = replay.step(line); !wrong.empty()) {
      std::cout << "line " << number << ", '" << line << "': " << wrong << "\n";
      return 1;
    }
  }
  std::cout << replay.flips() << " changes, " << replay.deaths() << " deaths, " << replay.failures()
            << " failures, " << replay.packets() << " packets\n";
  if (replay.flips() > 0 && replay.packets() > 0) return 0;
  std::cout << "nothing was tried\n";
  return 1;
}
