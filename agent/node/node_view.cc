#include "agent/node/node_view.h"

#include <algorithm>

namespace sluice::node {
namespace {

constexpr size_t kNamed = 5;

// "3 interfaces (veth1, veth2, veth3)", the first ones by name.
std::string named(const std::vector<std::string>& interfaces) {
  std::string text = std::to_string(interfaces.size()) + " interface" + (interfaces.size() == 1 ? "" : "s");
  for (size_t i = 0; i < std::min(interfaces.size(), kNamed); ++i)
    text += (i == 0 ? " (" : ", ") + interfaces[i];
  return text + (interfaces.size() > kNamed ? ", …)" : ")");
}

}  // namespace

std::vector<std::string> NodeView::names_of(const std::set<uint32_t>& interfaces) const {
  std::vector<std::string> names;
  for (const uint32_t ifindex : interfaces) {
    const auto there = discovery().host_interfaces.find(static_cast<int>(ifindex));
    if (there != discovery().host_interfaces.end()) names.push_back(there->second);
  }
  return names;
}

std::vector<std::string> NodeView::held() const {
  if (!closes_new()) return {};
  std::set<uint32_t> all = state_.held;
  all.insert(state_.interfaces.unknown.begin(), state_.interfaces.unknown.end());
  const auto carrying = state_.attachments.carrying();
  std::erase_if(all, [&carrying](uint32_t ifindex) { return !carrying.contains(ifindex); });
  return names_of(all);
}

std::vector<std::string> NodeView::open_yet() const {
  if (started()) return {};
  auto open = may_be_pods(discovery());
  for (const uint32_t ifindex : state_.attachments.carrying()) open.erase(ifindex);
  return names_of(open);
}

std::string NodeView::behind_others() const {
  const auto behind = names_of(state_.attachments.behind());
  if (behind.empty()) return {};
  return named(behind) + (behind.size() == 1 ? " has" : " have") +
         " programs of somebody else before ours, and no policy judges a packet that these let through for "
         "good: attach them behind ours (TCX: BPF_F_AFTER), or detach them";
}

std::vector<std::string> NodeView::object_problems() const {
  std::vector<std::string> all = state_.inputs.news().problems;
  all.insert(all.end(), state_.beyond.begin(), state_.beyond.end());
  return all;
}

std::string NodeView::why_not_ready() const {
  if (!last_error().empty()) return last_error();
  std::string waits;
  if (!state_.inputs.objects_complete() && !object_problems().empty())
    waits = object_problems().front();
  else if (!state_.unread.empty())
    waits = state_.unread.front();
  else if (!started())
    waits = "no state in force yet";
  if (!waits.empty()) {
    const auto open = open_yet();
    return open.empty() ? waits : waits + "; " + named(open) + " open until then";
  }
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
