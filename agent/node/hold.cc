// The parts of the Reconciler that keep programs on interfaces whatever the policy is: on new ones (law 6), and where
// others took them off.
#include "agent/node/reconciler.h"

namespace sluice::node {

bool Reconciler::compiled_in_force() const {
  return state_.applier.state() == Applier::State::kInForce ||
         state_.applier.state() == Applier::State::kToCleanUp;
}

// Held is what no endpoint in force has taken, and may still be a pod's.
void Reconciler::forget_held() {
  if (!compiled_in_force()) return;
  for (const auto& [id, endpoint] : view_.image().endpoints) state_.held.erase(endpoint.ifindex);
  std::erase_if(state_.held,
                [this](uint32_t ifindex) { return !state_.interfaces.unknown.contains(ifindex); });
}

// True where the interface need not be looked at again.
bool Reconciler::hold(uint32_t ifindex, const std::string& interface) {
  if (backend_.gives_way && is_closed(ifindex)) return false;
  attach_at_once(ifindex);
  if (!state_.attachments.attached().contains(ifindex)) return false;
  state_.held.insert(ifindex);
  log_.info("interface_held", {{"interface", interface}});
  return true;
}

bool Reconciler::hold_new() {
  if (!state_.inputs.discovered()) return true;
  if (auto inherited = state_.attachments.inherit(); !inherited) {
    log_.error("attachments_unreadable", {{"error", inherited.error().message()}});
    return false;
  }
  if (!backend_.closes_new) return true;
  const auto& there = view_.discovery().host_interfaces;
  std::erase_if(looked_at_, [&there](const auto& known) {
    const auto now = there.find(static_cast<int>(known.first));
    return now == there.end() || now->second != known.second;
  });
  bool all = true;
  const auto carrying = state_.attachments.carrying();
  for (const uint32_t ifindex : may_be_pods(view_.discovery())) {
    const auto interface = there.find(static_cast<int>(ifindex));
    if (interface == there.end() || looked_at_.contains(ifindex)) continue;
    if (carrying.contains(ifindex) || hold(ifindex, interface->second))
      looked_at_.emplace(ifindex, interface->second);
    else
      all = all && !view_.attach_errors().contains(ifindex);
  }
  return all;
}

bool Reconciler::put_back(bool all) {
  const auto behind = state_.attachments.behind();
  const auto lost = state_.attachments.put_back([this](uint32_t ifindex) { return pod_at(ifindex); }, all);
  const auto& there = view_.discovery().host_interfaces;
  for (const uint32_t ifindex : lost) {
    ++state_.totals.put_back;
    const auto interface = there.find(static_cast<int>(ifindex));
    const auto error = view_.attach_errors().find(ifindex);
    log_.warn("programs_put_back",
              {{"interface", interface == there.end() ? std::to_string(ifindex) : interface->second},
               {"pod", pod_at(ifindex)},
               {"outcome", error == view_.attach_errors().end() ? "attached again" : error->second}});
  }
  if (behind != state_.attachments.behind()) report();
  if (lost.empty() && !all) return true;
  state_.retry = state_.retry || !view_.attach_errors().empty();
  report();
  return view_.attach_errors().empty();
}

}  // namespace sluice::node
