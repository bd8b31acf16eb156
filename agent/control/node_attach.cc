// Which interfaces carry our programs: the Node's attachments.
#include "agent/control/node.h"

namespace sluice::control {
namespace {

std::set<uint32_t> endpoint_interfaces(const image::Image& image) {
  std::set<uint32_t> all;
  for (const auto& [id, endpoint] : image.endpoints)
    if (endpoint.ifindex != 0) all.insert(endpoint.ifindex);
  return all;
}

// What tells an interface from another that got its number: its name and those of the namespaces behind it.
struct Looks {
  std::string name;
  std::set<std::string> namespaces;
  bool operator==(const Looks&) const = default;
};

std::map<uint32_t, Looks> looks_of(const endpoint::Discovery& discovery) {
  std::map<uint32_t, Looks> all;
  for (const auto& [ifindex, name] : discovery.host_interfaces)
    all[static_cast<uint32_t>(ifindex)] = {name, {}};
  for (const auto& found : discovery.found)
    all[static_cast<uint32_t>(found.host_ifindex)].namespaces.insert(found.netns);
  return all;
}

}  // namespace

void Node::doubt_attachments(const endpoint::Discovery& now) {
  auto before = looks_of(discovery_), after = looks_of(now);
  for (auto at = attached_.begin(); at != attached_.end();) {
    const uint32_t ifindex = *at;
    if (before[ifindex] == after[ifindex]) {
      ++at;
      continue;
    }
    // As if an earlier agent had attached it: if that is so, it is let go should nobody want it.
    if (inherited_) inherited_->insert(ifindex);
    at = attached_.erase(at);
  }
}

std::set<uint32_t> Node::carrying() const {
  std::set<uint32_t> all = attached_;
  if (inherited_) all.insert(inherited_->begin(), inherited_->end());
  return all;
}

std::set<uint32_t> Node::wanted_interfaces() const {
  std::set<uint32_t> wanted = endpoint_interfaces(image());
  for (const auto& pod : presence_.pods) wanted.insert(static_cast<uint32_t>(pod.host_ifindex));
  wanted.insert(presence_.unknown.begin(), presence_.unknown.end());
  return wanted;
}

bool Node::gives_way(uint32_t ifindex) const {
  if (!maps_.gives_way || !started() || carrying().contains(ifindex)) return false;
  const auto since = unknown_since_.find(ifindex);
  return since != unknown_since_.end() && clock_.steady() < since->second + kGiveWay &&
         !told_interfaces(discovery_, told_).contains(ifindex);
}

void Node::attach_wanted() {
  const auto wanted = wanted_interfaces();
  attach_errors_.clear();
  adopt_connections();
  for (const uint32_t ifindex : wanted) {
    if (attached_.contains(ifindex)) continue;
    if (gives_way(ifindex)) {
      retry_ = true;  // as soon as a failed one is tried again
      continue;
    }
    if (auto attached = maps_.target->attach(ifindex); !attached)
      attach_errors_[ifindex] = attached.error().within(pod_at(ifindex)).message();
    else
      attached_.insert(ifindex);
  }
  retry_ = retry_ || !attach_errors_.empty();
  log_problems();
  if (read_) detach_unwanted(wanted);
}

void Node::adopt_connections() const {
  if (!maps_.adopt || behind_) return;
  const auto carrying = Node::carrying();
  std::vector<AdoptingEndpoint> endpoints;
  for (const auto& [id, endpoint] : image().endpoints) {
    const auto flow_id = placement_.id_of(id);
    if (flow_id && endpoint.ifindex != 0 && !carrying.contains(endpoint.ifindex))
      endpoints.push_back({*flow_id, endpoint.ipv4, endpoint.ipv6});
  }
  if (endpoints.empty()) return;
  if (auto adopted = maps_.adopt(endpoints); !adopted)
    log_.warn("connections_not_adopted", {{"error", adopted.error().message()}});
}

void Node::attach_told(const ToldEndpoint& told) {
  if (const uint32_t ifindex = interface_of(discovery_, told); ifindex != 0) attach_at_once(ifindex);
}

void Node::attach_told_without_programs() {
  auto carrying = maps_.attached();
  if (!carrying) log_.error("attachments_unreadable", {{"error", carrying.error().message()}});
  for (const uint32_t ifindex : told_interfaces(discovery_, told_))
    if (!carrying || !carrying->contains(ifindex)) attach_at_once(ifindex);
}

void Node::attach_at_once(uint32_t ifindex) {
  attached_.erase(ifindex);
  auto attached = maps_.target->attach(ifindex);
  if (!attached) {
    attach_errors_[ifindex] = attached.error().within(pod_at(ifindex)).message();
    retry_ = true;
    return;
  }
  attach_errors_.erase(ifindex);
  attached_.insert(ifindex);
}

void Node::detach_unwanted(const std::set<uint32_t>& wanted) {
  std::set<uint32_t> have = attached_;
  if (inherited_) have.merge(std::exchange(*inherited_, {}));
  for (const uint32_t ifindex : have) {
    if (wanted.contains(ifindex)) continue;
    if (auto detached = maps_.target->detach(ifindex); !detached)
      log_.error("detach_failed", {{"error", detached.error().message()}});
    attached_.erase(ifindex);
  }
}

std::string Node::pod_at(uint32_t ifindex) const {
  for (const auto& pod : presence_.pods)
    if (static_cast<uint32_t>(pod.host_ifindex) == ifindex) return pod.name.to_text();
  return "no pod";
}

}  // namespace sluice::control
