#include "agent/control/told_replies.h"

namespace sluice::control {
namespace {

const model::Pod* pod_of(const Node& node, const ToldEndpoint& told) {
  const auto& pods = node.compiler().cluster().pods;
  const auto pod = pods.find(told.pod);
  return pod == pods.end() || !told.means(pod->second) ? nullptr : &pod->second;
}

std::string missing_pod(const Node& node, const ToldEndpoint& told, const std::string& absence) {
  const bool namesake = node.compiler().cluster().pods.contains(told.pod);
  return "no Pod object " + told.pod.to_text() + (told.uid.empty() ? "" : " of uid " + told.uid) +
         " is known yet" + (namesake ? ", only one of another uid" : "") +
         (absence.empty() ? "" : ": " + absence);
}

}  // namespace

const image::Endpoint* endpoint_of(const Node& node, const ToldEndpoint& told) {
  const model::Pod* pod = pod_of(node, told);
  if (pod == nullptr) return nullptr;
  const auto found = node.image().endpoints.find(compile::endpoint_id(*pod));
  const uint32_t ifindex = interface_of(node.discovery(), told);
  if (found == node.image().endpoints.end() || ifindex == 0) return nullptr;
  return found->second.ifindex == ifindex ? &found->second : nullptr;
}

std::string missing_of(const Node& node, const ToldEndpoint& told, const std::string& absence) {
  const uint32_t ifindex = interface_of(node.discovery(), told);
  if (ifindex == 0) return "interface " + told.host_interface + " has gone from this node";
  if (const auto error = node.attach_errors().find(ifindex); error != node.attach_errors().end())
    return error->second;
  if (!node.started()) return node.why_not_ready();
  if (!node.attached().contains(ifindex)) return "interface " + told.host_interface + " has no programs yet";
  const model::Pod* pod = pod_of(node, told);
  if (pod == nullptr) return missing_pod(node, told, absence);
  if (endpoint_of(node, told) != nullptr) return "";
  if (!node.last_error().empty()) return node.last_error();
  if (!pod->takes_part())
    return "Pod " + told.pod.to_text() + ": is hostNetwork, finished or without an address: it has no policy";
  return "Pod " + told.pod.to_text() + ": its policy is not in force on interface " + told.host_interface;
}

v1::AddEndpointReply added_reply(const Node& node, const AgentFacts& facts, const ToldEndpoint& told) {
  const image::Endpoint* endpoint = endpoint_of(node, told);
  v1::AddEndpointReply reply;
  reply.set_epoch(node.epoch());
  reply.set_ingress(side_text(endpoint, model::Direction::kIngress, facts.strict));
  reply.set_egress(side_text(endpoint, model::Direction::kEgress, facts.strict));
  return reply;
}

}  // namespace sluice::control
