#include "agent/control/announced_replies.h"

namespace sluice::control {
namespace {

const model::Pod* pod_of(const node::NodeView& node, const node::AnnouncedEndpoint& announced) {
  const auto& pods = node.compiler().cluster().pods;
  const auto pod = pods.find(announced.pod);
  return pod == pods.end() || !announced.means(pod->second) ? nullptr : &pod->second;
}

std::string missing_pod(const node::NodeView& node, const node::AnnouncedEndpoint& announced,
                        const std::string& absence) {
  const bool namesake = node.compiler().cluster().pods.contains(announced.pod);
  return "no Pod object " + announced.pod.to_text() +
         (announced.uid.empty() ? "" : " of uid " + announced.uid) + " is known yet" +
         (namesake ? ", only one of another uid" : "") + (absence.empty() ? "" : ": " + absence);
}

}  // namespace

const image::Endpoint* endpoint_of(const node::NodeView& node, const node::AnnouncedEndpoint& announced) {
  const model::Pod* pod = pod_of(node, announced);
  if (pod == nullptr) return nullptr;
  const auto found = node.image().endpoints.find(compile::endpoint_id(*pod));
  const uint32_t ifindex = node::interface_of(node.discovery(), announced);
  if (found == node.image().endpoints.end() || ifindex == 0) return nullptr;
  return found->second.ifindex == ifindex ? &found->second : nullptr;
}

std::string why_not_in_force(const node::NodeView& node, const node::AnnouncedEndpoint& announced,
                             const std::string& absence) {
  const uint32_t ifindex = node::interface_of(node.discovery(), announced);
  if (ifindex == 0) return "interface " + announced.host_interface + " has gone from this node";
  if (const auto error = node.attach_errors().find(ifindex); error != node.attach_errors().end())
    return error->second;
  if (!node.started()) return node.why_not_ready();
  if (!node.attached().contains(ifindex))
    return "interface " + announced.host_interface + " has no programs yet";
  const model::Pod* pod = pod_of(node, announced);
  if (pod == nullptr) return missing_pod(node, announced, absence);
  if (endpoint_of(node, announced) != nullptr) return "";
  if (!node.last_error().empty()) return node.last_error();
  if (!pod->takes_part())
    return "Pod " + announced.pod.to_text() +
           ": is hostNetwork, finished or without an address: it has no policy";
  return "Pod " + announced.pod.to_text() + ": its policy is not in force on interface " +
         announced.host_interface;
}

v1::AddEndpointReply added_reply(const node::NodeView& node, const AgentFacts& facts,
                                 const node::AnnouncedEndpoint& announced) {
  const image::Endpoint* endpoint = endpoint_of(node, announced);
  v1::AddEndpointReply reply;
  reply.set_epoch(node.epoch());
  reply.set_ingress(side_text(endpoint, model::Direction::kIngress, facts.strict));
  reply.set_egress(side_text(endpoint, model::Direction::kEgress, facts.strict));
  return reply;
}

}  // namespace sluice::control
