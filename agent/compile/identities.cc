#include "agent/compile/identities.h"

namespace sluice::compile {

IdentityId Identities::intern(IdentityContent content) {
  const IdentityId id = content.id();
  if (!id) return id;
  auto [at, is_new] = known_.try_emplace(id);
  if (is_new) {
    at->second.content = std::move(content);
    mark(id, at->second);
  } else if (at->second.content != content) {
    collision_ = "identity " + id.to_text();
  }
  return id;
}

void Identities::use(IdentityId id) {
  if (!id) return;
  if (Known& known = known_.at(id); known.uses++ == 0) mark(id, known);
}

void Identities::release(IdentityId id) {
  if (!id) return;
  if (Known& known = known_.at(id); --known.uses == 0) mark(id, known);
}

Identities::Changes Identities::refresh() {
  Changes changes;
  for (IdentityId id : std::exchange(changed_, {})) {
    auto at = known_.find(id);
    Known& known = at->second;
    known.changed = false;
    if (known.uses > 0 && !known.live) {
      known.live = true;
      ++live_;
      index(id, known.content);
      changes.added.push_back(id);
    } else if (known.uses == 0) {
      if (known.live) {
        --live_;
        unindex(id, known.content);
        changes.removed.emplace_back(id, std::move(known.content));
      }
      known_.erase(at);
    }
  }
  return changes;
}

const std::unordered_set<IdentityId>& Identities::in(PeerSetId peers) const {
  static const std::unordered_set<IdentityId> none;
  auto found = in_.find(peers);
  return found == in_.end() ? none : found->second;
}

void Identities::mark(IdentityId id, Known& known) {
  if (!std::exchange(known.changed, true)) changed_.push_back(id);
}

void Identities::index(IdentityId id, const IdentityContent& content) {
  for (PeerSetId peers : content.peers) in_[peers].insert(id);
  if (!content.ports.empty()) with_ports_.insert(id);
}

void Identities::unindex(IdentityId id, const IdentityContent& content) {
  for (PeerSetId peers : content.peers) {
    auto found = in_.find(peers);
    found->second.erase(id);
    if (found->second.empty()) in_.erase(found);
  }
  with_ports_.erase(id);
}

}  // namespace sluice::compile
