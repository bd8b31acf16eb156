// Memory: which names have which addresses, as answers taught, and what of it the packet path is to know: a *slot* for
// each name, an *entry* for each address (semantics-names, 80 to 85).
//
// Laws:
//  1. An address of a name lives for its TTL and the grace, a day at most; a later answer lengthens this and never
//     shortens it. No answer unlearns anything.
//  2. A slot is its name's own for as long as the name is remembered, and nobody else's. Slots that became free are
//     given out again in the order in which they did.
//  3. A name without a living address is remembered until its slot is wanted. Where slots run out, names without a
//     living address go first, then names that no rule names, then the others: of these the one whose last answer is
//     oldest and whose slot no flow refers to. If there is none, the new name is not learnt.
//  4. An entry has at most kMostSlots slots: of each class that a rule knows the address that lives longest, then more
//     of these classes, then names that no rule names; among equals those that live longest.
//  5. A limit is never met in silence. A name that is full gives its own address: of those that no open connection uses
//     the one that expires first, never one of the answer that is being learnt. If there is none, the new one is not
//     learnt, and counted.
//  6. Of a full node gives a name that no rule names, as long as there is any with an address, and of these names the
//     one that has the most: so a flood of one name takes nothing from another.
//
// Addresses are counted for each name that has them. Times are nanoseconds of CLOCK_BOOTTIME and never go back. Pure;
// one thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/net/ip.h"

namespace sluice::names {

using Slot = uint16_t;  // 1..kLastSlot; 0 is nobody's
inline constexpr Slot kLastSlot = 16383;
inline constexpr size_t kMostSlots = 8;      // of an entry
inline constexpr size_t kLongestName = 253;  // bytes of text: RFC 1035 2.3.4 without the last dot
inline constexpr uint64_t kSecond = 1'000'000'000;
inline constexpr uint64_t kLongestLife = uint64_t{86'400} * kSecond;

// A name has this address before `until`, and no more at it.
struct SlotUntil {
  Slot slot = 0;
  uint64_t until = 0;
  auto operator<=>(const SlotUntil&) const = default;
};

// What the packet path knows of an address; the first `count` hold, the others are zero.
struct Entry {
  std::array<SlotUntil, kMostSlots> slots{};
  size_t count = 0;
  bool operator==(const Entry&) const = default;
  std::span<const SlotUntil> all() const { return {slots.data(), count}; }
};

struct AddressChange {
  net::Ip ip;
  std::optional<Entry> entry;  // none: the address is nobody's any more
};
struct SlotChange {
  Slot slot = 0;
  std::string name;  // empty: the slot is free
};
// To be carried out in this order: slots that are freed or change hands lose their class, then the addresses, then new
// names get their class. Both sorted.
struct Changes {
  std::vector<SlotChange> slots;
  std::vector<AddressChange> addresses;
};

// Asked of the one who knows. class_of() is asked once for a name that is new, and for what classes_changed() names.
struct Asks {
  std::function<uint64_t(Slot, std::string_view name)> class_of;  // 0: no rule names it
  std::function<bool(Slot)> slot_in_use;                          // by a flow; only where slots run out
  std::function<bool(const net::Ip&)> address_in_use;  // by an open connection; only where a limit is met
};

inline constexpr size_t kLeastLimit = 100;    // that limits may say: NPEP-133 wants as many a name
inline constexpr size_t kMostLimit = 64'000;  // SLUICE_MAX_LEARNT has room for an answer's more

struct Limits {
  uint64_t grace = 30 * kSecond;
  size_t names = 16'000;             // less than kLastSlot
  size_t addresses_of_name = 1'000;  // at least 1
  size_t addresses = kMostLimit;
};

struct Counts {
  uint64_t addresses_given_up = 0;  // made room for others
  uint64_t addresses_refused = 0;   // not learnt: all others are in use, or of the same answer
  uint64_t names_given_up = 0;
  uint64_t names_refused = 0;  // not learnt: all slots are in use, or longer than kLongestName
};

struct Listed {
  std::string name;
  net::Ip ip;
  uint64_t until = 0;
  Slot slot = 0;
};

class Memory {
 public:
  Memory(Limits limits, Asks asks);

  // Each of these names (canonical: small letters, no last dot) has each of these addresses. TTL in seconds.
  void learn(std::span<const std::string> names, std::span<const net::Ip> addresses, uint32_t ttl,
             uint64_t now);
  // What lived until `now` is gone; learn() does this too.
  void expire(uint64_t now);
  std::optional<uint64_t> next_expiry() const;
  // Their classes are asked for anew. A slot that is nobody's is nothing.
  void classes_changed(std::span<const Slot> slots);

  // What a former agent left; before anything is learnt, once. What cannot be (a slot or a name twice, an entry of a
  // slot without a name, a life of more than a day) is left out, and drain_changed() takes it away.
  void restore(const std::vector<SlotChange>& slots, const std::vector<std::pair<net::Ip, Entry>>& entries,
               uint64_t now);

  // What changed since the last call, as it is now.
  Changes drain_changed();
  bool changed() const { return !dirty_slots_.empty() || !dirty_addresses_.empty(); }

  std::string_view name_of(Slot slot) const;  // "": nobody's
  Slot slot_of(std::string_view name) const;  // 0: not remembered
  // Names that have this address, by name.
  std::vector<Listed> names_of(const net::Ip& ip) const;
  // Those that the name has at `now`, in their order.
  std::vector<net::Ip> addresses_of(std::string_view name, uint64_t now) const;
  // All, by name and address.
  std::vector<Listed> list() const;
  size_t names() const { return slot_of_.size(); }
  size_t addresses() const { return by_expiry_.size(); }
  const Counts& counts() const { return counts_; }
  // Is some limit met soon?
  bool is_nearly_full() const;
  const Limits& limits() const { return limits_; }

 private:
  struct Address {
    uint64_t until = 0;
    uint64_t learnt = 0;  // number of the answer
  };
  struct Name {
    std::string text;
    uint64_t name_class = 0;
    uint64_t answer = 0;      // number of the last one; 0: of a former agent
    uint64_t held_since = 0;  // a flow was found to refer to it; 0: none was
    std::map<net::Ip, Address> addresses;
    std::set<std::pair<uint64_t, net::Ip>> ends;  // of these
  };
  struct Owners {
    std::map<Slot, uint64_t> until;
    std::optional<Entry> told;  // as it was drained last
    // Since then: what came or lives longer. No other can come into the entry by that; else it is chosen anew of all.
    std::vector<Slot> raised;
    bool anew = false;
  };
  // In which order names give up their slot: the least first. Held ones are asked about again after a while.
  struct Turn {
    int rank = 0;
    uint64_t since = 0;  // number of its last answer; of held ones a time
    Slot slot = 0;
    auto operator<=>(const Turn&) const = default;
  };
  struct Life {
    uint64_t until = 0;
    Slot slot = 0;
    net::Ip ip;
    auto operator<=>(const Life&) const = default;
  };
  // Names with addresses, those that no rule names first; of them the one that has the most.
  struct Share {
    bool is_named = false;
    size_t missing = 0;  // the limit of a name less what it has
    Slot slot = 0;
    auto operator<=>(const Share&) const = default;
  };
  struct Answer;  // one that is being learnt

  Turn turn(Slot slot) const;
  Share share(Slot slot) const;
  template <typename Change>
  void change_name(Slot slot, const Change& change);
  Slot remember(const std::string& text, const Answer& answer);
  bool free_a_slot(const Answer& answer);
  void place(Slot slot, const std::string& text);
  void forget_name(Slot slot);
  void learn_one(Slot slot, const net::Ip& ip, Answer& answer);
  bool make_room(Slot slot, Answer& answer);
  bool give(Slot giver, Answer& answer);
  void set_address(Slot slot, const net::Ip& ip, const Address& address);
  void forget_address(Slot slot, const net::Ip& ip);
  void restore_one(const net::Ip& ip, const SlotUntil& one, uint64_t now);
  Entry chosen(const Owners& owners) const;
  Entry chosen_of(const std::vector<SlotUntil>& candidates) const;

  Limits limits_;
  Asks asks_;
  Counts counts_;
  uint64_t answers_ = 0;
  std::vector<std::optional<Name>> names_;  // by slot
  std::map<std::string, Slot, std::less<>> slot_of_;
  std::deque<Slot> free_;
  std::set<Turn> turns_;
  std::set<Share> shares_;
  std::set<Life> by_expiry_;
  std::unordered_map<net::Ip, Owners> owners_;
  std::set<net::Ip> dirty_addresses_;
  std::set<Slot> dirty_slots_;
};

}  // namespace sluice::names
