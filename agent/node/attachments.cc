#include "agent/node/attachments.h"

#include <utility>

namespace sluice::node {

using base::Status;

namespace {

// What tells an interface from another one that got its number.
struct Fingerprint {
  std::string name;
  std::set<std::string> namespaces;  // behind it
  bool operator==(const Fingerprint&) const = default;
};

std::map<uint32_t, Fingerprint> fingerprints_of(const endpoint::Discovery& discovery) {
  std::map<uint32_t, Fingerprint> all;
  for (const auto& [ifindex, name] : discovery.host_interfaces)
    all[static_cast<uint32_t>(ifindex)] = {name, {}};
  for (const auto& found : discovery.found)
    all[static_cast<uint32_t>(found.host_ifindex)].namespaces.insert(found.netns);
  return all;
}

}  // namespace

Status Attachments::inherit() {
  if (inherited_) return base::done();
  auto attached = hooks_.attached();
  if (!attached) return attached.error().within("read the attachments back");
  inherited_ = std::move(*attached);
  return base::done();
}

void Attachments::invalidate(const endpoint::Discovery& before, const endpoint::Discovery& now) {
  auto was = fingerprints_of(before), is = fingerprints_of(now);
  for (auto at = attached_.begin(); at != attached_.end();) {
    const uint32_t ifindex = *at;
    if (was[ifindex] == is[ifindex]) {
      ++at;
      continue;
    }
    // From here on it counts as attached by an earlier agent: if it carries programs that nobody wants, they are taken
    // off.
    if (inherited_) inherited_->insert(ifindex);
    at = attached_.erase(at);
  }
}

Status Attachments::attach(uint32_t ifindex, const std::string& whose) {
  attached_.erase(ifindex);
  auto attached = hooks_.attach(ifindex);
  if (!attached) {
    attached = attached.error().within(whose);
    errors_[ifindex] = attached.error().message();
    return attached;
  }
  errors_.erase(ifindex);
  attached_.insert(ifindex);
  return base::done();
}

void Attachments::attach_missing(const std::set<uint32_t>& wanted,
                                 const std::function<std::string(uint32_t)>& whose) {
  errors_.clear();
  for (const uint32_t ifindex : wanted)
    if (!attached_.contains(ifindex)) (void)attach(ifindex, whose(ifindex));  // errors() has it
}

Status Attachments::detach_all_but(const std::set<uint32_t>& wanted) {
  Status first = base::done();
  std::set<uint32_t> left;
  for (const uint32_t ifindex : carrying()) {
    if (wanted.contains(ifindex)) continue;
    attached_.erase(ifindex);
    if (auto detached = hooks_.detach(ifindex); !detached) {
      left.insert(ifindex);
      if (first) first = detached;
    }
  }
  if (inherited_) inherited_ = std::move(left);
  return first;
}

std::vector<uint32_t> Attachments::put_back(const std::function<std::string(uint32_t)>& whose, bool all) {
  std::vector<uint32_t> lost;
  if (!hooks_.others_first) return lost;
  behind_.clear();
  const auto attached = attached_;
  for (const uint32_t ifindex : attached) {
    const auto others = hooks_.others_first(ifindex);
    const bool is_lost = others && !*others;
    if (others && others->value_or(0) > 0) behind_.insert(ifindex);
    if (is_lost) lost.push_back(ifindex);
    if (is_lost || all) (void)attach(ifindex, whose(ifindex));  // errors() has it
  }
  return lost;
}

std::set<uint32_t> Attachments::carrying() const {
  std::set<uint32_t> all = attached_;
  if (inherited_) all.insert(inherited_->begin(), inherited_->end());
  return all;
}

}  // namespace sluice::node
