#include "agent/node/node_view.h"

namespace sluice::node {

std::string NodeView::why_not_ready() const {
  if (!last_error().empty()) return last_error();
  if (!state_.inputs.objects_complete() && !object_problems().empty()) return object_problems().front();
  if (!state_.unread.empty()) return state_.unread.front();
  if (!started()) return "no state in force yet";
  if (!attach_errors().empty()) return attach_errors().begin()->second;
  if (!discovery().unseen.empty()) return discovery().unseen.front();
  return interfaces().kept.empty() ? "" : interfaces().kept.front();
}

std::string NodeView::why_unprotected() const {
  if (!state_.unread.empty()) return state_.unread.front();
  if (!attach_errors().empty()) return attach_errors().begin()->second;
  if (!discovery().unseen.empty()) return discovery().unseen.front();
  return interfaces().missing.empty() ? "" : interfaces().missing.front();
}

Announced NodeView::still_there(Announced announced) const {
  if (!state_.inputs.discovered()) return announced;
  for (auto at = announced.begin(); at != announced.end();) {
    at->second.host_ifindex = interface_of(discovery(), at->second);
    at = at->second.host_ifindex == 0 ? announced.erase(at) : std::next(at);
  }
  return announced;
}

}  // namespace sluice::node
