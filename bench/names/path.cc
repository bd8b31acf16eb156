#include "bench/names/path.h"

#include <memory>

#include "agent/image/placement.h"
#include "agent/kernel/maps.h"
#include "agent/packet/build.h"
#include "bench/packet/driver.h"
#include "tests/kernel/world.h"

namespace sluice::bench::names {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr size_t kTuples = 16'384;
constexpr int kPasses = -1;  // TC_ACT_UNSPEC
constexpr uint16_t kPort = 443;
constexpr image::NameClassId kClass{7};
const net::Ip kLocal = *net::Ip::parse("10.0.0.1"), kRemote = *net::Ip::parse("198.51.100.1");

testing::World world(bool named) {
  testing::World made = testing::World(kLocal).isolate(SLUICE_EGRESS).peer(kRemote);
  const auto port = net::Port::from_host(kPort);
  made.allow(SLUICE_EGRESS, testing::kFriend, made.portset(net::kUdp, {net::PortRange::one(port)}));
  if (named) made.names().name(1, kClass).allow_named({}, kClass, image::Ref::all());
  return made;
}

std::vector<packet::Bytes> datagrams() {
  std::vector<packet::Bytes> frames;
  for (uint16_t i = 0; i < kTuples; ++i) {
    packet::Spec spec = packet::opening(kLocal, kRemote, net::kUdp, net::Port::from_host(kPort));
    spec.source_port = net::Port::from_host(static_cast<uint16_t>(1024 + i));
    frames.push_back(packet::build(spec));
  }
  return frames;
}

class Node {
 public:
  static Result<std::unique_ptr<Node>> load(bool named) {
    kernel::LoadOptions options;
    options.flows = 4 * kTuples;
    auto programs = kernel::load(options);
    if (!programs) return programs.error();
    std::unique_ptr<Node> node(new Node(std::move(*programs)));
    auto maps = kernel::KernelMaps::open(node->programs_);
    if (!maps) return maps.error();
    node->maps_ = std::make_unique<kernel::KernelMaps>(std::move(*maps));
    image::Placement placement;
    const image::Image image = world(named).image();
    const auto plan = placement.plan(image, image::difference({}, image));
    if (!plan) return plan.error();
    if (auto put = image::put_in_force(*plan, *node->maps_); !put) return put.error();
    if (auto cleaned = image::clean_up(*plan, *node->maps_); !cleaned) return cleaned.error();
    auto driver = Driver::load(node->programs_.program_fd(SLUICE_EGRESS), Shape::ipv4, datagrams());
    if (!driver) return driver.error();
    node->driver_ = std::make_unique<Driver>(std::move(*driver));
    for (size_t i = 0; i < kTuples; ++i) {
      const auto verdict = node->driver_->verdict(i);
      if (!verdict) return verdict.error();
      if (*verdict != kPasses) return Error("datagram " + std::to_string(i) + " does not pass");
    }
    return node;
  }

  // Nanoseconds a packet: all that are open, and all judged anew, as after a change.
  Result<double> established() { return a_packet(); }
  Result<double> judged() {
    const sluice_config config = maps_->config();
    if (auto flipped = maps_->flip(config.epoch + 1, config.next_endpoint_id); !flipped)
      return flipped.error();
    return a_packet();
  }

 private:
  explicit Node(kernel::Programs programs) : programs_(std::move(programs)) {}
  Result<double> a_packet() {
    const auto took = driver_->pass();
    if (!took) return took.error();
    return took->count() / static_cast<double>(kTuples);
  }

  kernel::Programs programs_;
  std::unique_ptr<kernel::KernelMaps> maps_;
  std::unique_ptr<Driver> driver_;
};

}  // namespace

Status measure_path(const char* suite, int rounds, Document& document) {
  struct Contender {
    std::unique_ptr<Node> node;
    Series established, judged;
  };
  std::vector<Contender> all;
  for (const char* name : {"names", "plain"}) {
    auto node = Node::load(name[0] == 'n');
    if (!node) return node.error();
    const auto series = [&](const char* of) {
      return Series{suite, "path", name, of, {}, "ns/packet", {}, kTuples};
    };
    all.push_back({std::move(*node), series("established"), series("judged anew")});
  }
  for (int i = -1; i < rounds; ++i)  // the first one warms up
    for (Contender& one : all)
      for (int part = 0; part < 2; ++part) {
        const auto took = part == 0 ? one.node->judged() : one.node->established();
        if (!took) return took.error();
        if (i >= 0) (part == 0 ? one.judged : one.established).rounds.push_back(*took);
      }
  for (Contender& one : all)
    for (Series* series : {&one.established, &one.judged}) document.series.push_back(std::move(*series));
  return base::done();
}

}  // namespace sluice::bench::names
