#include "agent/names/memory.h"

#include <algorithm>

namespace sluice::names {

namespace {

// Ranks of Memory::Turn.
constexpr int kIdle = 0, kUnnamed = 1, kNamed = 2, kHeld = 3;
constexpr uint64_t kHeldFor = 10 * kSecond;
constexpr int kMostGivers = 16;  // names that are asked for an address before the new one is refused

}  // namespace

struct Memory::Answer {
  uint64_t number = 0, now = 0, until = 0;
  // Of names that were to give: up to which of their addresses was looked, in the order in which they expire. What was
  // passed over stays so: it is in use, or of this answer, as are those that come.
  std::map<Slot, std::pair<uint64_t, net::Ip>> looked_at;
};

Memory::Memory(Limits limits, Asks asks) : limits_(limits), asks_(std::move(asks)), names_(kLastSlot + 1) {
  limits_.names = std::min<size_t>(limits_.names, kLastSlot);
  for (Slot slot = 1; slot <= kLastSlot; ++slot) free_.push_back(slot);
}

Memory::Turn Memory::turn(Slot slot) const {
  const Name& name = *names_[slot];
  if (name.held_since != 0) return {kHeld, name.held_since, slot};
  const int rank = name.addresses.empty() ? kIdle : name.name_class == 0 ? kUnnamed : kNamed;
  return {rank, name.answer, slot};
}

Memory::Share Memory::share(Slot slot) const {
  const Name& name = *names_[slot];
  return {name.name_class != 0, limits_.addresses_of_name - name.addresses.size(), slot};
}

// Every change of what turn() and share() look at.
template <typename Change>
void Memory::change_name(Slot slot, const Change& change) {
  Name& name = *names_[slot];
  turns_.erase(turn(slot));
  shares_.erase(share(slot));
  change(name);
  turns_.insert(turn(slot));
  if (!name.addresses.empty()) shares_.insert(share(slot));
}

void Memory::learn(std::span<const std::string> names, std::span<const net::Ip> addresses, uint32_t ttl,
                   uint64_t now) {
  expire(now);
  const uint64_t life = std::min(ttl * kSecond + limits_.grace, kLongestLife);
  Answer answer{++answers_, now, now + life, {}};
  for (const std::string& text : names) {
    const Slot slot = remember(text, answer);
    if (slot == 0) {
      ++counts_.names_refused;
      continue;
    }
    for (const net::Ip& ip : addresses) learn_one(slot, ip, answer);
  }
}

// The name's slot; 0: it cannot be remembered.
Slot Memory::remember(const std::string& text, const Answer& answer) {
  if (text.empty() || text.size() > kLongestName) return 0;
  Slot slot = slot_of(text);
  if (slot == 0) {
    if (slot_of_.size() >= limits_.names && !free_a_slot(answer)) return 0;
    slot = free_.front();
    free_.pop_front();
    place(slot, text);
  }
  change_name(slot, [&](Name& name) {
    name.answer = answer.number;
    name.held_since = 0;
  });
  return slot;
}

void Memory::place(Slot slot, const std::string& text) {
  names_[slot].emplace();
  names_[slot]->text = text;
  slot_of_.emplace(text, slot);
  dirty_slots_.insert(slot);
  names_[slot]->name_class = asks_.class_of(slot, text);
  turns_.insert(turn(slot));
}

bool Memory::free_a_slot(const Answer& answer) {
  const auto oldest_held = [&] { return turns_.lower_bound({kHeld, 0, 0}); };
  for (auto held = oldest_held(); held != turns_.end() && held->since + kHeldFor <= answer.now;
       held = oldest_held())
    change_name(held->slot, [](Name& name) { name.held_since = 0; });
  for (auto next = turns_.begin(); next != turns_.end() && next->rank != kHeld;) {
    const Slot slot = (next++)->slot;
    if (names_[slot]->answer == answer.number) continue;
    if (!asks_.slot_in_use(slot)) {
      ++counts_.names_given_up;
      forget_name(slot);
      return true;
    }
    change_name(slot, [&](Name& name) { name.held_since = std::max<uint64_t>(answer.now, 1); });
  }
  return false;
}

void Memory::forget_name(Slot slot) {
  while (!names_[slot]->addresses.empty()) forget_address(slot, names_[slot]->addresses.begin()->first);
  turns_.erase(turn(slot));
  slot_of_.erase(names_[slot]->text);
  names_[slot].reset();
  free_.push_back(slot);
  dirty_slots_.insert(slot);
}

void Memory::learn_one(Slot slot, const net::Ip& ip, Answer& answer) {
  Name& name = *names_[slot];
  const Address learnt{answer.until, answer.number};
  if (const auto known = name.addresses.find(ip); known != name.addresses.end()) {
    if (known->second.until < learnt.until)
      set_address(slot, ip, learnt);
    else
      known->second.learnt = learnt.learnt;
  } else if (make_room(slot, answer)) {
    set_address(slot, ip, learnt);
  } else {
    ++counts_.addresses_refused;
  }
}

// For one more address of this name.
bool Memory::make_room(Slot slot, Answer& answer) {
  const size_t own = names_[slot]->addresses.size();
  if (own >= limits_.addresses_of_name) return give(slot, answer);
  if (by_expiry_.size() < limits_.addresses) return true;
  const bool is_named = names_[slot]->name_class != 0;
  std::vector<Slot> givers;
  for (const Share& share : shares_) {
    const bool has_more = limits_.addresses_of_name - share.missing > own;
    const bool may_give = share.is_named == is_named ? has_more : is_named;
    if (!may_give || givers.size() == kMostGivers) break;
    givers.push_back(share.slot);
  }
  givers.push_back(slot);
  return std::ranges::any_of(givers, [&](Slot giver) { return give(giver, answer); });
}

// One of its addresses that may go, goes.
bool Memory::give(Slot giver, Answer& answer) {
  const Name& name = *names_[giver];
  auto& looked_at = answer.looked_at[giver];
  for (auto next = name.ends.upper_bound(looked_at); next != name.ends.end(); ++next) {
    looked_at = *next;
    const net::Ip ip = next->second;
    if (name.addresses.at(ip).learnt == answer.number || asks_.address_in_use(ip)) continue;
    ++counts_.addresses_given_up;
    forget_address(giver, ip);
    return true;
  }
  return false;
}

void Memory::set_address(Slot slot, const net::Ip& ip, const Address& address) {
  change_name(slot, [&](Name& name) {
    Address& known = name.addresses[ip];
    by_expiry_.erase({known.until, slot, ip});
    name.ends.erase({known.until, ip});
    known = address;
    name.ends.insert({address.until, ip});
  });
  by_expiry_.insert({address.until, slot, ip});
  Owners& owners = owners_[ip];
  owners.until[slot] = address.until;
  if (owners.raised.size() < kMostSlots)
    owners.raised.push_back(slot);
  else
    owners.anew = true;
  dirty_addresses_.insert(ip);
}

void Memory::forget_address(Slot slot, const net::Ip& ip) {
  const net::Ip gone = ip;  // the caller's may be a key of what is erased
  change_name(slot, [&](Name& name) {
    const uint64_t until = name.addresses.at(gone).until;
    by_expiry_.erase({until, slot, gone});
    name.ends.erase({until, gone});
    name.addresses.erase(gone);
  });
  Owners& owners = owners_.at(gone);
  owners.until.erase(slot);
  const auto is_it = [&](const SlotUntil& one) { return one.slot == slot; };
  owners.anew |= !owners.raised.empty() || (owners.told && std::ranges::any_of(owners.told->all(), is_it));
  dirty_addresses_.insert(gone);
}

void Memory::expire(uint64_t now) {
  while (!by_expiry_.empty() && by_expiry_.begin()->until <= now)
    forget_address(by_expiry_.begin()->slot, by_expiry_.begin()->ip);
}

std::optional<uint64_t> Memory::next_expiry() const {
  if (by_expiry_.empty()) return std::nullopt;
  return by_expiry_.begin()->until;
}

void Memory::classes_changed(std::span<const Slot> slots) {
  for (const Slot slot : slots) {
    if (slot >= names_.size() || !names_[slot]) continue;
    const uint64_t name_class = asks_.class_of(slot, names_[slot]->text);
    if (name_class == names_[slot]->name_class) continue;
    change_name(slot, [&](Name& name) { name.name_class = name_class; });
    for (const auto& [ip, address] : names_[slot]->addresses) {
      owners_.at(ip).anew = true;
      dirty_addresses_.insert(ip);
    }
  }
}

void Memory::restore(const std::vector<SlotChange>& slots,
                     const std::vector<std::pair<net::Ip, Entry>>& entries, uint64_t now) {
  std::vector<bool> is_taken(names_.size());
  for (const auto& [slot, text] : slots) {
    const bool can_be = slot != 0 && slot <= kLastSlot && !names_[slot] && !text.empty() &&
                        text.size() <= kLongestName && !slot_of_.contains(text) &&
                        slot_of_.size() < limits_.names;
    if (!can_be) {
      dirty_slots_.insert(slot);
      continue;
    }
    place(slot, text);
    dirty_slots_.erase(slot);
    is_taken[slot] = true;
  }
  std::erase_if(free_, [&](Slot slot) { return is_taken[slot]; });
  for (const auto& [ip, entry] : entries) {
    owners_[ip].told = entry;
    owners_[ip].anew = true;
    dirty_addresses_.insert(ip);
    for (const SlotUntil& one : entry.slots) restore_one(ip, one, now);
  }
}

void Memory::restore_one(const net::Ip& ip, const SlotUntil& one, uint64_t now) {
  const bool can_be = one.slot <= kLastSlot && names_[one.slot] && one.until > now &&
                      one.until - now <= kLongestLife && by_expiry_.size() < limits_.addresses &&
                      names_[one.slot]->addresses.size() < limits_.addresses_of_name;
  if (can_be) set_address(one.slot, ip, {one.until, 0});
}

Entry Memory::chosen(const Owners& owners) const {
  std::vector<SlotUntil> candidates;
  if (owners.anew || !owners.told) {
    for (const auto& [slot, until] : owners.until) candidates.push_back({slot, until});
    return chosen_of(candidates);
  }
  std::set<Slot> slots(owners.raised.begin(), owners.raised.end());
  for (const SlotUntil& one : owners.told->all()) slots.insert(one.slot);
  for (const Slot slot : slots) candidates.push_back({slot, owners.until.at(slot)});
  return chosen_of(candidates);
}

Entry Memory::chosen_of(const std::vector<SlotUntil>& candidates) const {
  const auto lives_longer = [](const SlotUntil& a, const SlotUntil& b) {
    return a.until != b.until ? a.until > b.until : a.slot < b.slot;
  };
  std::vector<SlotUntil> named, more, unnamed;
  for (const SlotUntil& one : candidates)
    (names_[one.slot]->name_class != 0 ? named : unnamed).push_back(one);
  std::ranges::sort(named, lives_longer);
  std::set<uint64_t> classes;
  Entry entry;
  const auto add = [&](const SlotUntil& one) {
    if (entry.count < kMostSlots) entry.slots[entry.count++] = one;
  };
  for (const SlotUntil& one : named) {
    if (classes.insert(names_[one.slot]->name_class).second)
      add(one);
    else if (more.size() < kMostSlots)
      more.push_back(one);
  }
  std::ranges::for_each(more, add);
  const size_t rest = std::min(unnamed.size(), kMostSlots - entry.count);
  std::ranges::partial_sort(unnamed, unnamed.begin() + static_cast<std::ptrdiff_t>(rest), lives_longer);
  std::for_each_n(unnamed.begin(), rest, add);
  return entry;
}

Changes Memory::drain_changed() {
  Changes changes;
  for (const Slot slot : dirty_slots_) changes.slots.push_back({slot, std::string(name_of(slot))});
  for (const net::Ip& ip : dirty_addresses_) {
    const auto known = owners_.find(ip);
    if (known == owners_.end()) continue;
    Owners& owners = known->second;
    if (owners.until.empty()) {
      if (owners.told) changes.addresses.push_back({ip, std::nullopt});
      owners_.erase(known);
      continue;
    }
    const Entry entry = chosen(owners);
    owners.raised.clear();
    owners.anew = false;
    if (owners.told == entry) continue;
    owners.told = entry;
    changes.addresses.push_back({ip, entry});
  }
  dirty_slots_.clear();
  dirty_addresses_.clear();
  return changes;
}

bool Memory::is_nearly_full() const {
  const auto nearly = [](size_t held, size_t limit) { return held >= limit - limit / 4; };
  const auto fullest = [&](auto share) {
    return share != shares_.end() &&
           nearly(limits_.addresses_of_name - share->missing, limits_.addresses_of_name);
  };
  return nearly(by_expiry_.size(), limits_.addresses) || nearly(slot_of_.size(), limits_.names) ||
         fullest(shares_.begin()) || fullest(shares_.lower_bound({true, 0, 0}));
}

std::string_view Memory::name_of(Slot slot) const {
  return slot < names_.size() && names_[slot] ? std::string_view(names_[slot]->text) : std::string_view();
}

Slot Memory::slot_of(std::string_view name) const {
  const auto known = slot_of_.find(name);
  return known == slot_of_.end() ? Slot{0} : known->second;
}

std::vector<Listed> Memory::names_of(const net::Ip& ip) const {
  std::vector<Listed> listed;
  if (const auto known = owners_.find(ip); known != owners_.end())
    for (const auto& [slot, until] : known->second.until)
      listed.push_back({names_[slot]->text, ip, until, slot});
  std::ranges::sort(listed, {}, &Listed::name);
  return listed;
}

std::vector<net::Ip> Memory::addresses_of(std::string_view name, uint64_t now) const {
  std::vector<net::Ip> addresses;
  if (const Slot slot = slot_of(name); slot != 0)
    for (const auto& [ip, address] : names_[slot]->addresses)
      if (address.until > now) addresses.push_back(ip);
  return addresses;
}

std::vector<Listed> Memory::list() const {
  std::vector<Listed> listed;
  for (const auto& [text, slot] : slot_of_)
    for (const auto& [ip, address] : names_[slot]->addresses)
      listed.push_back({text, ip, address.until, slot});
  return listed;
}

}  // namespace sluice::names
