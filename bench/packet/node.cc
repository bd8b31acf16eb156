#include "bench/packet/node.h"

#include <bpf/bpf.h>
#include <sched.h>

#include <algorithm>
#include <cstring>

#include "agent/compile/content/content.h"
#include "agent/kernel/entries.h"
#include "agent/kernel/flows.h"
#include "agent/kernel/hz.h"

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr uint32_t kLoopback = 1;          // lo: what a test run sees unless told otherwise
constexpr uint32_t kNobody = 0xfffffff0;   // as the endpoint of a flow that only fills the table
constexpr uint32_t kIdleJiffies = 100000;  // far less than what it takes to be forgotten
constexpr size_t kManyEvents = 1 << 16;

template <typename Key>
void append(std::vector<uint8_t>& to, const Key& key) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
  to.insert(to.end(), bytes, bytes + sizeof key);
}

}  // namespace

void stay_on_one_cpu() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

Node::Node(const Size& size, kernel::Programs programs) : size_(size), programs_(std::move(programs)) {}

Result<std::unique_ptr<Node>> Node::load(const Size& size) {
  kernel::LoadOptions options;
  options.flows = size.flows;
  auto programs = kernel::load(options);
  if (!programs) return programs.error();
  std::unique_ptr<Node> node(new Node(size, std::move(*programs)));
  auto maps = kernel::KernelMaps::open(node->programs_);
  if (!maps) return maps.error();
  node->maps_ = std::make_unique<kernel::KernelMaps>(std::move(*maps));
  auto events = kernel::Events::open(node->programs_);
  if (!events) return events.error();
  node->events_ = std::make_unique<kernel::Events>(std::move(*events));
  if (auto written = node->write(); !written) return written.error();
  return node;
}

Status Node::write() {
  std::vector<compile::LocalPod> locals;
  for (const auto& name : local_pods()) locals.push_back({name, 0});
  auto difference = compiler_.update(make_world(size_), locals);
  if (!difference) return difference.error();
  image::Placement placement;
  auto plan = placement.plan(compiler_.image(), *difference);
  if (!plan) return plan.error();
  if (auto put = image::put_in_force(*plan, *maps_); !put) return put;
  if (auto cleaned = image::clean_up(*plan, *maps_); !cleaned) return cleaned;
  if (auto found = find_pods(placement); !found) return found;
  for (net::Family family : {net::Family::kIpv4, net::Family::kIpv6}) {
    // The last free places are met by chance: what is to be full is filled more than once over.
    const unsigned percent = size_.fill < 100 ? size_.fill : 200;
    if (auto filled = fill_flows(family, entries_of(family) * percent / 100); !filled) return filled;
  }
  return base::done();
}

Status Node::find_pods(const image::Placement& placement) {
  for (TestPod pod : {TestPod::kIsolated, TestPod::kOpen}) {
    const auto id = placement.id_of(compile::endpoint_id(cluster().pods.at(name_of(pod))));
    if (!id) return Error("pod " + name_of(pod).to_text() + ": is not in the node's image");
    flow_ids_[static_cast<size_t>(pod)] = *id;
  }
  return base::done();
}

size_t Node::entries_of(net::Family family) const {
  const sluice_map map = family == net::Family::kIpv4 ? SLUICE_MAP_FLOWS4 : SLUICE_MAP_FLOWS6;
  return size_t{programs_.map(map).entries} * SLUICE_FLOW_WAYS;
}

Status Node::select(TestPod pod) {
  return maps_->store(image::InterfaceWrite{kLoopback, flow_id_of(pod)});
}

Status Node::forget_flows(const Flows& flows) {
  for (const sluice_flow_edit& flow : flows)
    if (auto dropped = kernel::edit_flow(programs_, flow); !dropped) return dropped;
  return base::done();
}

Status Node::forget_fragments() {
  const kernel::MapHandle map = programs_.map(SLUICE_MAP_FRAGMENTS);
  auto entries = kernel::get_entries(map);
  return entries ? kernel::drop_entries(map, entries->keys) : Status(entries.error());
}

Status Node::fill_flows(net::Family family, size_t entries) {
  const auto now = kernel::jiffies_now();
  if (!now) return now.error();
  for (size_t i = 0; i < entries; ++i) {
    sluice_flow_edit flow{};
    flow.endpoint = kNobody;
    flow.remote[0] = filled_++;
    flow.seen = *now - kIdleJiffies;
    flow.family = family == net::Family::kIpv4 ? 4 : 6;
    flow.protocol = net::kTcp.number();
    flow.bits = SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED;
    flow.kind = SLUICE_FLOW_ADD;
    if (auto put = kernel::edit_flow(programs_, flow); !put) return put;
  }
  return base::done();
}

Status Node::next_epoch() {
  const sluice_config config = maps_->config();
  return maps_->flip(config.epoch + 1, config.next_endpoint_id);
}

Status Node::drain_events() {
  auto taken = events_->consume(kManyEvents, [](const sluice_event&) {});
  return taken ? base::done() : Status(taken.error());
}

}  // namespace sluice::bench
