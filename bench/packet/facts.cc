#include "bench/packet/facts.h"

#include <bpf/bpf.h>

#include "agent/compile/compiler.h"
#include "agent/compile/content/content.h"
#include "agent/image/placement.h"
#include "agent/packet/maps.h"

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr char kSuite[] = "packet";
constexpr uint32_t kInterface = 1;

// A world in the maps of agent/packet.
class UserNode {
 public:
  Status put() {
    std::vector<compile::LocalPod> locals;
    for (const auto& name : local_pods()) locals.push_back({name, 0});
    auto difference = compiler_.update(make_world(Size{}), locals);
    if (!difference) return difference.error();
    auto plan = placement_.plan(compiler_.image(), *difference);
    if (!plan) return plan.error();
    if (auto done = image::put_in_force(*plan, maps_); !done) return done;
    if (auto done = image::clean_up(*plan, maps_); !done) return done;
    epoch_ = plan->epoch;
    next_endpoint_id_ = plan->next_endpoint_id;
    return base::done();
  }

  // What the measured packet of the case's first tuple asks of the maps.
  Result<packet::Maps::Operations> operations_of(const Case& c) {
    const auto& pod = compiler_.cluster().pods.at(name_of(c.pod));
    const auto id = placement_.id_of(compile::endpoint_id(pod));
    if (!id) return Error("pod " + pod.name.to_text() + ": is not in the image");
    if (auto stored = maps_.store(image::InterfaceWrite{kInterface, *id}); !stored) return stored.error();
    maps_.clear_flows();
    const Tuple tuple = tuples_of(c).front();
    if (c.course != Course::kNew && c.course != Course::kDenied)
      maps_.passes(packet::build(opening_of(c, tuple)), kInterface, c.opener());
    if (c.course == Course::kOutdated) {
      if (auto flipped = maps_.flip(++epoch_, next_endpoint_id_); !flipped) return flipped.error();
    }
    maps_.take_operations();
    const bool passes = maps_.passes(packet::build(measured_of(c, tuple)), kInterface, c.hook);
    if (passes == sluice_is_denied(c.expected)) return Error("another verdict in user space");
    return maps_.take_operations();
  }

 private:
  compile::Compiler compiler_{kNode};
  image::Placement placement_;
  packet::Maps maps_;
  uint64_t epoch_ = 0, next_endpoint_id_ = 0;
};

}  // namespace

Result<std::vector<Fact>> program_facts(int program_fd, const std::string& name) {
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0)
    return Error::from_errno(errno, "look at program " + name);
  const Labels labels = {{"program", name}};
  constexpr double kInstructionBytes = 8;
  return std::vector<Fact>{
      {kSuite, "verified_instructions", labels, static_cast<double>(info.verified_insns), "instructions"},
      {kSuite, "program_instructions", labels, info.xlated_prog_len / kInstructionBytes, "instructions"},
      {kSuite, "program_bytes", labels, static_cast<double>(info.jited_prog_len), "bytes"}};
}

Result<std::vector<Fact>> operation_facts(const std::vector<Case>& cases) {
  UserNode node;
  if (auto put = node.put(); !put) return put.error();
  std::vector<Fact> facts;
  for (const Case& c : cases) {
    if (c.reports) continue;                       // a report asks no map
    if (c.remote_count > kUsualRemotes) continue;  // the world here is of the base size
    auto operations = node.operations_of(c);
    if (!operations) return operations.error().within(c.name);
    double lookups = 0, inserts = 0;
    for (uint32_t count : operations->lookups) lookups += count;
    for (uint32_t count : operations->inserts) inserts += count;
    Labels labels = c.labels;
    labels.erase("report");
    labels["case"] = c.name;
    labels["family"] = net::to_text(c.family);
    labels["hook"] = c.hook == SLUICE_EGRESS ? "egress" : "ingress";
    labels["protocol"] = c.protocol.to_text();
    facts.push_back({kSuite, "map_operations", labels, lookups + inserts, "operations"});
  }
  return facts;
}

}  // namespace sluice::bench
