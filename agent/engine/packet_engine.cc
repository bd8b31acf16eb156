#include "agent/engine/packet_engine.h"

#include <limits>
#include <unordered_map>

#include "agent/compile/compiler.h"
#include "agent/image/encode.h"
#include "agent/image/placement.h"

namespace sluice::engine {

using base::Error;
using base::Result;

namespace {

constexpr size_t kPodsAPart = SLUICE_MAX_ENDPOINTS - SLUICE_FIRST_ENDPOINT;

struct PlacedEndpoint {
  uint32_t id = 0;  // sluice_endpoint.id
  std::array<bool, 2> isolated{};
};
using PlacedEndpoints = std::unordered_map<image::EndpointId, PlacedEndpoint>;

PlacedEndpoints placed(const image::Image& image, const image::Placement& placement) {
  PlacedEndpoints all;
  for (const auto& [endpoint, value] : image.endpoints)
    if (const auto id = placement.id_of(endpoint))
      all[endpoint] = {*id, {bool(value.sides[0].ruleset), bool(value.sides[1].ruleset)}};
  return all;
}

}  // namespace

struct PacketEngine::World {
  std::unique_ptr<Runner> runner;
  PlacedEndpoints endpoints;
  std::optional<uint32_t> selected;  // the endpoint that kRunnerIfindex stands for

  base::Status select(uint32_t id) {
    if (selected == id) return base::done();
    selected = id;
    return runner->target().store(image::InterfaceWrite{kRunnerIfindex, id});
  }
};

image::Batch learnt_batch(const model::Cluster& cluster, const image::Image& image) {
  image::BatchBuilder learnt(SLUICE_MAP_LEARNT);
  for (const auto& [ip, slots] : compile::learnt_of(cluster).addresses) {
    std::map<image::NameClassId, image::NameSlot> by_class;
    for (image::NameSlot slot : slots)
      if (const auto name = image.names.find(slot); name != image.names.end())
        by_class.emplace(name->second, slot);
    std::vector<std::pair<image::NameSlot, uint64_t>> names;
    names.reserve(by_class.size());
    for (const auto& [name_class, slot] : by_class)
      names.emplace_back(slot, std::numeric_limits<uint64_t>::max());
    if (!names.empty()) learnt.put(image::encode_learnt(ip), image::encode_names(names));
  }
  std::vector<image::Batch> batches;
  std::move(learnt).finish(batches, batches);
  return batches.empty() ? image::Batch{SLUICE_MAP_LEARNT, false, 0, {}, {}} : std::move(batches.front());
}

PacketEngine::PacketEngine(const model::Cluster& cluster, MakeRunner make_runner)
    : cluster_(cluster), make_runner_(std::move(make_runner)), addresses_(cluster) {
  std::map<std::string, size_t> counts;
  for (const auto& [name, pod] : cluster.pods) {
    if (!pod.takes_part()) continue;
    const NodePart part{pod.node_name, counts[pod.node_name]++ / kPodsAPart};
    pods_[part].push_back(name);
    part_of_[name] = part;
  }
}

PacketEngine::~PacketEngine() = default;

Result<PacketEngine::World*> PacketEngine::world_of(const NodePart& part) {
  auto& world = worlds_[part];
  if (!world) {
    auto made = make_world(part);
    if (!made) return made.error().within("node " + (part.node.empty() ? "(none)" : part.node));
    world = std::move(*made);
  }
  return world.get();
}

Result<std::unique_ptr<PacketEngine::World>> PacketEngine::make_world(const NodePart& part) {
  compile::Input input{cluster_, part.node, {}, {}};
  for (const auto& name : pods_[part]) input.local_pods.push_back({name, 0});
  auto image = compile::try_compile(input);
  if (!image) return image.error();
  auto runner = make_runner_();
  if (!runner) return runner.error();
  image::Placement placement;
  auto plan = placement.plan(*image, image::difference({}, *image));
  if (!plan) return plan.error();
  if (auto put = image::put_in_force(*plan, (*runner)->target()); !put) return put.error();
  if (auto learnt = (*runner)->target().write(learnt_batch(cluster_, *image)); !learnt) return learnt.error();
  auto world = std::make_unique<World>();
  world->runner = std::move(*runner);
  world->endpoints = placed(*image, placement);
  return world;
}

Result<model::Side> PacketEngine::side(const model::Pod* pod, const model::ResolvedProbe& probe,
                                       sluice_direction direction) {
  if (pod == nullptr) return model::Side::kNone;
  auto world = world_of(part_of_.at(pod->name));
  if (!world) return world.error();
  const auto found = (*world)->endpoints.find(compile::endpoint_id(*pod));
  if (found == (*world)->endpoints.end())
    return Error("pod " + pod->name.to_text() + ": is not in its node's image");
  const PlacedEndpoint& endpoint = found->second;
  if (!endpoint.isolated[direction]) return model::Side::kNone;
  if (auto selected = (*world)->select(endpoint.id); !selected) return selected.error();
  const auto frame = packet::build(
      packet::opening(probe.from.ip, probe.to.ip, probe.protocol, probe.port.value_or(net::Port())));
  auto passes = (*world)->runner->passes(frame, direction);
  if (!passes) return passes.error();
  if (auto forgotten = (*world)->runner->forget_flows(); !forgotten) return forgotten.error();
  return *passes ? model::Side::kAllow : model::Side::kDeny;
}

Result<model::Answer> PacketEngine::evaluate(const model::Probe& probe) {
  auto resolved = model::resolve(cluster_, addresses_, probe);
  if (!resolved) return resolved.error();
  auto egress = side(resolved->from.pod, *resolved, SLUICE_EGRESS);
  if (!egress) return egress.error();
  const bool service = model::goes_to_service(cluster_, addresses_, *resolved);
  auto ingress = side(service ? nullptr : resolved->to.pod, *resolved, SLUICE_INGRESS);
  if (!ingress) return ingress.error();
  model::Answer answer;
  answer.egress = *egress;
  answer.ingress = *ingress;
  return answer;
}

}  // namespace sluice::engine
