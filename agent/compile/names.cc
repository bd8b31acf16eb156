#include "agent/compile/names.h"

#include <algorithm>

namespace sluice::compile {

Learnt learnt_of(const model::Cluster& cluster) {
  Learnt learnt;
  for (const auto& [name, addresses] : cluster.resolved) {
    const auto slot = static_cast<NameSlot>(learnt.names.size() + 1);
    learnt.names.emplace(slot, name);
    for (const net::Ip& ip : addresses) learnt.addresses[ip].push_back(slot);
  }
  return learnt;
}

void NameTable::set_name(NameSlot slot, const std::optional<std::string>& name) {
  if (auto old = names_.find(slot); old != names_.end()) {
    if (name && old->second.text == *name) return;
    slot_of_.erase(old->second.text);
    old->second.text.clear();
  }
  if (name) {
    names_[slot].text = *name;
    slot_of_[*name] = slot;
  }
  stale_names_.insert(slot);
}

void NameTable::set_address(const net::Ip& ip, std::vector<NameSlot> slots) {
  At& at = at_[ip];
  if (at.slots == slots) return;
  for (NameSlot slot : at.slots) {
    auto having = having_.find(slot);
    having->second.erase(ip);
    if (having->second.empty()) having_.erase(having);
  }
  for (NameSlot slot : slots) having_[slot].insert(ip);
  at.slots = std::move(slots);
  stale_.insert(ip);
}

void NameTable::peers_changed(const PeerIndex::Changes& peers) {
  bool any = false;
  const auto note = [&](const std::string& pattern) {
    if (pattern.starts_with("*."))
      any = true;
    else if (auto slot = slot_of_.find(pattern); slot != slot_of_.end())
      stale_names_.insert(slot->second);
  };
  for (const auto& [id, content] : peers.removed)
    for (const std::string& pattern : content->domains) {
      auto of = patterns_.find(pattern);
      of->second.erase(id);
      if (of->second.empty()) patterns_.erase(of);
      note(pattern);
    }
  for (const auto& [id, content] : peers.added)
    for (const std::string& pattern : content->domains) {
      patterns_[pattern].insert(id);
      note(pattern);
    }
  if (any)
    for (const auto& [slot, name] : names_) stale_names_.insert(slot);
}

std::vector<net::Ip> NameTable::refresh() {
  for (NameSlot slot : std::exchange(stale_names_, {})) {
    auto at = names_.find(slot);
    if (at == names_.end()) continue;
    Name& name = at->second;
    const NameClassId before = name.name_class;
    name.matching = matching(name.text);
    name.name_class = name_class_of(name.matching);
    if (name.name_class != before) {
      writer_.names.set(slot, name.name_class ? std::optional(name.name_class) : std::nullopt);
      if (name.name_class) ++uses_[name.name_class];
      if (before && --uses_.at(before) == 0) uses_.erase(before);
      if (auto having = having_.find(slot); having != having_.end())
        stale_.insert(having->second.begin(), having->second.end());
    }
    if (name.text.empty()) names_.erase(at);
  }
  const std::set<net::Ip> stale = std::exchange(stale_, {});
  return {stale.begin(), stale.end()};
}

void NameTable::write(const net::Ip& ip) {
  const auto at = at_.find(ip);
  if (at == at_.end()) return;
  std::vector<IdentityId> now;
  const IdentityId plain = addresses_.identity_of(ip);
  const IdentityContent content = plain ? identities_.content(plain) : IdentityContent{};
  for (const auto& [name_class, matching] : classes_at(ip)) {
    now.push_back(identities_.intern(content.with_name(*matching)));
    identities_.use(now.back());
  }
  for (IdentityId before : std::exchange(at->second.identities, std::move(now))) identities_.release(before);
  if (at->second.slots.empty()) at_.erase(at);
}

bool NameTable::settle() {
  for (NameSlot slot : stale_names_) {
    if (class_of(slot)) return false;
    const auto name = names_.find(slot);
    const NameClassId now = name == names_.end() ? NameClassId{} : class_for(name->second.text);
    if (now && !uses_.contains(now)) return false;
  }
  for (const net::Ip& ip : stale_) {
    if (addresses_.is_service(ip)) return false;
    for (NameSlot slot : at_.at(ip).slots) {
      const auto name = names_.find(slot);
      if (name == names_.end()) continue;
      const NameClassId name_class =
          stale_names_.contains(slot) ? class_for(name->second.text) : name->second.name_class;
      if (name_class && !identities_.is_live(image::named(addresses_.identity_of(ip), name_class)))
        return false;
    }
  }
  for (const net::Ip& ip : refresh()) write(ip);
  return true;
}

std::map<NameClassId, const std::vector<PeerSetId>*> NameTable::classes_at(const net::Ip& ip) const {
  std::map<NameClassId, const std::vector<PeerSetId>*> classes;
  const auto at = at_.find(ip);
  if (at == at_.end()) return classes;
  for (NameSlot slot : at->second.slots)
    if (auto name = names_.find(slot); name != names_.end() && name->second.name_class)
      classes.emplace(name->second.name_class, &name->second.matching);
  return classes;
}

std::map<std::string, NameSlot> NameTable::names_at(const net::Ip& ip) const {
  std::map<std::string, NameSlot> names;
  const auto at = at_.find(ip);
  if (at == at_.end()) return names;
  for (NameSlot slot : at->second.slots)
    if (auto name = names_.find(slot); name != names_.end() && !name->second.text.empty())
      names.emplace(name->second.text, slot);
  return names;
}

NameClassId NameTable::class_of(NameSlot slot) const {
  const auto name = names_.find(slot);
  return name == names_.end() ? NameClassId{} : name->second.name_class;
}

// A pattern matches the name itself, or what follows its first label or more.
std::vector<PeerSetId> NameTable::matching(const std::string& name) const {
  std::set<PeerSetId> found;
  const auto add = [&](const std::string& pattern) {
    if (auto of = patterns_.find(pattern); of != patterns_.end())
      found.insert(of->second.begin(), of->second.end());
  };
  if (patterns_.empty() || name.empty()) return {};
  add(name);
  for (size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1))
    add("*" + name.substr(dot));
  return {found.begin(), found.end()};
}

}  // namespace sluice::compile
