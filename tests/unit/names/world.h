// A memory of names as tests drive it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/names/memory.h"

namespace sluice::names {

inline constexpr uint64_t kHour = 3600 * kSecond, kStart = kHour;

inline net::Ip ip(std::string_view text) {
  return *net::Ip::parse(text);
}
// 198.18.0.0 and so on.
inline net::Ip numbered(uint32_t number) {
  const uint32_t address = 0xc6120000 + number;
  const uint8_t bytes[] = {static_cast<uint8_t>(address >> 24), static_cast<uint8_t>(address >> 16),
                           static_cast<uint8_t>(address >> 8), static_cast<uint8_t>(address)};
  return *net::Ip::from_bytes(bytes);
}

// A memory, those it asks, and what the packet path was told.
class World {
 public:
  explicit World(Limits limits = {})
      : memory(limits, {[this](Slot, std::string_view name) {
                          const auto known = classes.find(name);
                          return known == classes.end() ? 0 : known->second;
                        },
                        [this](Slot slot) {
                          ++asked_slots;
                          return used_slots.contains(slot);
                        },
                        [this](const net::Ip& one) {
                          ++asked_addresses;
                          return used_addresses.contains(one);
                        }}) {}

  void learn(const std::vector<std::string>& names, const std::vector<net::Ip>& addresses,
             uint32_t ttl = 60) {
    memory.learn(names, addresses, ttl, now);
  }
  Changes drain() {
    Changes changes = memory.drain_changed();
    for (const auto& [slot, name] : changes.slots)
      name.empty() ? (void)slots.erase(slot) : (void)(slots[slot] = name);
    for (const auto& [one, entry] : changes.addresses)
      entry ? (void)(entries[one] = *entry) : (void)entries.erase(one);
    return changes;
  }
  // "a.b@90 c.d@30": the names of an address and the seconds they live, as the packet path knows it.
  std::string told(const net::Ip& one) {
    drain();
    std::string text;
    const auto known = entries.find(one);
    if (known == entries.end()) return text;
    for (const SlotUntil& owner : known->second.all())
      if (owner.until > now)
        text += (text.empty() ? "" : " ") + slots.at(owner.slot) + "@" +
                std::to_string((owner.until - now) / kSecond);
    return text;
  }
  std::vector<std::string> addresses_of(std::string_view name) const {
    std::vector<std::string> texts;
    for (const net::Ip& one : memory.addresses_of(name, now)) texts.push_back(one.to_text());
    return texts;
  }
  void pass(uint64_t time) {
    now += time;
    memory.expire(now);
  }

  std::map<std::string, uint64_t, std::less<>> classes;
  std::set<Slot> used_slots;
  std::set<net::Ip> used_addresses;
  size_t asked_slots = 0, asked_addresses = 0;
  std::map<Slot, std::string> slots;
  std::map<net::Ip, Entry> entries;
  uint64_t now = kStart;
  Memory memory;
};

}  // namespace sluice::names
