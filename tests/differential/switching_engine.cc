#include "tests/differential/switching_engine.h"

#include <map>
#include <set>

#include "agent/compile/compiler.h"

namespace sluice::differential {

using base::done;
using base::Error;
using base::Result;
using base::Status;

namespace {

// RFC 792, RFC 4443 section 4; neither echo nor error are the timestamp and the node information query.
uint8_t icmp_type(const reference::Echo& echo) {
  const bool v4 = echo.own.family() == net::Family::kIpv4;
  switch (echo.kind) {
    case reference::Echo::Kind::kRequest:
      return v4 ? 8 : 128;
    case reference::Echo::Kind::kReply:
      return v4 ? 0 : 129;
    case reference::Echo::Kind::kOther:
      return v4 ? 13 : 139;
  }
  return 0;
}

packet::Bytes frame_of(const reference::Echo& echo) {
  const bool leaves = echo.direction == model::Direction::kEgress;
  const auto icmp = echo.own.family() == net::Family::kIpv4 ? net::kIcmp : net::kIcmpv6;
  packet::Spec spec =
      packet::opening(leaves ? echo.own : echo.far, leaves ? echo.far : echo.own, icmp, net::Port());
  spec.icmp_type = icmp_type(echo);
  spec.icmp_identifier = echo.identifier;
  return packet::build(spec);
}

}  // namespace

Status SwitchingEngine::switch_to(const model::Cluster& cluster, const std::string& node) {
  compile::Input input{cluster, node, {}, {}};
  for (const auto& [name, pod] : cluster.pods)
    if (pod.takes_part() && pod.node_name == node) input.local_pods.push_back({name, 0});
  auto wanted = compile::try_compile(input);
  if (!wanted) return wanted.error();
  auto plan = placement_.plan(*wanted, image::difference(image_, *wanted));
  if (!plan) return plan.error();
  if (auto status = image::put_in_force(*plan, runner_->target()); !status) return status;
  if (auto status = image::clean_up(*plan, runner_->target()); !status) return status;
  placement_.release_freed(*plan);
  image_ = *std::move(wanted);
  image::Batch gone = std::move(learnt_);
  gone.removal = true;
  gone.values.clear();
  if (auto status = runner_->target().write(gone); !status) return status;
  learnt_ = engine::learnt_batch(cluster, image_);
  return runner_->target().write(learnt_);
}

Result<bool> SwitchingEngine::crosses(const model::Pod& pod, const packet::Bytes& frame,
                                      sluice_direction direction) {
  const auto flow_id = placement_.id_of(compile::endpoint_id(pod));
  if (!flow_id) return Error(pod.name.to_text() + " is not in its node's image");
  if (auto status = runner_->target().store(image::InterfaceWrite{engine::kRunnerIfindex, *flow_id}); !status)
    return status.error();
  return runner_->passes(frame, direction);
}

Result<bool> SwitchingEngine::passes(const model::Pod& pod, const packet::Bytes& frame,
                                     sluice_direction direction) {
  auto passes = crosses(pod, frame, direction);
  if (!passes) return passes.error();
  if (auto status = runner_->forget_flows(); !status) return status.error();
  return *passes;
}

Result<model::Side> SwitchingEngine::side(const model::Pod& pod, const packet::Bytes& frame,
                                          sluice_direction direction) {
  auto endpoint = image_.endpoints.find(compile::endpoint_id(pod));
  if (endpoint == image_.endpoints.end()) return Error(pod.name.to_text() + " is not in its node's image");
  if (!endpoint->second.sides[direction].ruleset) return model::Side::kNone;
  auto passed = passes(pod, frame, direction);
  if (!passed) return passed.error();
  return *passed ? model::Side::kAllow : model::Side::kDeny;
}

Result<std::vector<model::Verdict>> SwitchingEngine::evaluate(
    const model::Cluster& cluster, const std::vector<reference::Sending>& sendings) {
  std::map<std::string, std::vector<size_t>> by_node;
  for (size_t i = 0; i < sendings.size(); ++i)
    by_node[cluster.pods.at(sendings[i].pod).node_name].push_back(i);
  std::vector<model::Verdict> verdicts(sendings.size());
  for (const auto& [node, indices] : by_node) {
    if (auto status = switch_to(cluster, node); !status) return status.error();
    for (const size_t i : indices) {
      const reference::Sending& sending = sendings[i];
      const auto frame = packet::build(
          packet::opening(sending.source, sending.to, sending.protocol, sending.port.value_or(net::Port())));
      auto passed = passes(cluster.pods.at(sending.pod), frame, SLUICE_EGRESS);
      if (!passed) return passed.error();
      verdicts[i] = *passed ? model::Verdict::kAllow : model::Verdict::kDeny;
    }
  }
  return verdicts;
}

Status SwitchingEngine::cross(const model::Cluster& cluster, const std::string& node,
                              const std::vector<reference::Echo>& echoes, model::Verdict* verdicts) {
  for (size_t i = 0; i < echoes.size(); ++i) {
    const model::Pod& pod = cluster.pods.at(echoes[i].pod);
    if (pod.node_name != node) continue;
    const bool leaves = echoes[i].direction == model::Direction::kEgress;
    auto passes = crosses(pod, frame_of(echoes[i]), leaves ? SLUICE_EGRESS : SLUICE_INGRESS);
    if (!passes) return passes.error();
    verdicts[i] = *passes ? model::Verdict::kAllow : model::Verdict::kDeny;
  }
  return done();
}

Result<std::vector<model::Verdict>> SwitchingEngine::evaluate(const model::Cluster& cluster,
                                                              const reference::Echoes& echoes) {
  model::Cluster later = cluster;
  for (const model::Change& change : echoes.changes) later.apply(change);
  std::set<std::string> nodes;
  for (const auto* part : {&echoes.before, &echoes.after})
    for (const reference::Echo& echo : *part) nodes.insert(cluster.pods.at(echo.pod).node_name);
  std::vector<model::Verdict> verdicts(echoes.before.size() + echoes.after.size());
  for (const std::string& node : nodes) {
    if (auto status = runner_->forget_flows(); !status) return status.error();
    if (auto status = switch_to(cluster, node); !status) return status.error();
    if (auto status = cross(cluster, node, echoes.before, verdicts.data()); !status) return status.error();
    if (auto status = switch_to(later, node); !status) return status.error();
    if (auto status = cross(later, node, echoes.after, verdicts.data() + echoes.before.size()); !status)
      return status.error();
  }
  if (auto status = runner_->forget_flows(); !status) return status.error();
  return verdicts;
}

Result<Answers> SwitchingEngine::evaluate(const model::Cluster& cluster,
                                          const std::vector<model::Probe>& probes) {
  model::PodAddresses addresses(cluster);
  Answers answers(probes.size());
  for (size_t i = 0; i < probes.size(); ++i)
    if (model::resolve(cluster, addresses, probes[i]))
      answers[i].emplace();  // without a pod on either end: none, none
  std::set<std::string> nodes;
  for (const auto& [name, pod] : cluster.pods) nodes.insert(pod.node_name);
  for (const std::string& node : nodes) {
    if (auto status = switch_to(cluster, node); !status) return status.error();
    for (size_t i = 0; i < probes.size(); ++i) {
      auto resolved = model::resolve(cluster, addresses, probes[i]);
      if (!resolved) continue;
      packet::Bytes frame = packet::build(packet::opening(
          resolved->from.ip, resolved->to.ip, resolved->protocol, resolved->port.value_or(net::Port())));
      auto judge = [&](const model::Pod* pod, sluice_direction direction, model::Side& to) -> Status {
        if (!pod || pod->node_name != node) return done();
        auto verdict = side(*pod, frame, direction);
        if (!verdict) return verdict.error();
        to = *verdict;
        return done();
      };
      if (auto status = judge(resolved->from.pod, SLUICE_EGRESS, answers[i]->egress); !status)
        return status.error();
      if (model::goes_to_service(cluster, addresses, *resolved)) continue;
      if (auto status = judge(resolved->to.pod, SLUICE_INGRESS, answers[i]->ingress); !status)
        return status.error();
    }
  }
  return answers;
}

}  // namespace sluice::differential
