// Learner: from DNS packets that the programs hand over to names that are in force, and on with the answers.
//
// Laws:
//  1. An answer that is held is sent on once what it teaches is in force: never before, whatever it says, and also
//     where nothing could be put in force. One that waited for longer than kLongestHeld is dropped: whoever asked has
//     asked again. While an agent starts they are sent on by others (accept_sent()).
//  2. What is learnt stands in the maps in an order that makes no address pass for a name that it never had: names that
//     go, addresses, names that come.
//  3. Packets of servers that are not believed (any more) teach nothing.
//  4. An address that a name had is in force, though it opens nothing, until no connection is known that was opened to it
//     by that name: such a connection goes on after the address has expired (semantics-names 82). Flows are looked at every
//     kLook at most for that, and sooner only where there are many.
//  5. Nobody waits while all flows are looked at: what a look finds comes later, by looked(). Where a limit of addresses is
//     met, those are in use that the last look found: one that was opened since stays open by law 4, whatever is given up.
//     A name's slot changes hands on a look of the last two seconds alone.
//
// Times are nanoseconds of CLOCK_BOOTTIME. What it acts upon is its Host; a test gives other functions. One thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/compile/names.h"
#include "agent/dns/exchanges.h"
#include "agent/names/memory.h"

namespace sluice::learn {

inline constexpr uint64_t kLongestHeld = 3 * names::kSecond;
inline constexpr uint64_t kLook = 60 * names::kSecond;

using Server = std::pair<net::Ip, net::Port>;

struct Host {
  // The class that a name would have.
  std::function<image::NameClassId(std::string_view name)> class_of;
  // Brings it in force (compile::Compiler::learn() has the meaning). What cannot be is tried again with the next change.
  std::function<base::Status(const std::map<image::NameSlot, std::optional<std::string>>& names,
                             const std::map<net::Ip, std::vector<image::NameSlot>>& addresses)>
      put_in_force;
  // Into the maps; nothing: it is gone.
  std::function<base::Status(const net::Ip&, const std::optional<sluice_learnt_names>&)> set_learnt;
  std::function<base::Status(image::NameSlot, std::string_view text)> set_text;
  std::function<base::Status(std::span<const uint8_t> key, std::span<const uint8_t> value)> set_question;
  std::function<base::Status(uint32_t ifindex, const dns::SendHeader&, std::span<const uint8_t> frame)> send;
  // What flows refer to.
  struct InUse {
    std::set<image::NameSlot> slots;
    std::set<net::Ip> addresses;                                // of those that were asked about
    std::set<std::pair<image::NameSlot, net::Ip>> opened = {};  // connections, by the name that allowed them
    bool is_whole = true;                                       // false: not every flow could be read
  };
  // Begins to look; looked() gets what was found, later, on the learner's thread.
  std::function<void(std::vector<net::Ip> addresses)> look;
  // At once, without `addresses`: only at the start, and where slots run out and no look is young enough.
  std::function<InUse()> in_use;
};

struct Counts {
  uint64_t held = 0, unheld = 0, questions = 0;  // packets
  uint64_t not_believed = 0;                     // packets of servers that were, and are no more
  uint64_t too_late = 0;                         // answers that waited for too long
  uint64_t not_sent = 0;                         // answers that could not be sent on
  uint64_t failed = 0;                           // what could not be written, or put in force
};

// An answer that is held since `time`.
inline bool is_too_late(uint64_t time, uint64_t now) {
  return now > time + kLongestHeld;
}
// The header to send a held frame with; the frame's checksum is made whole.
dns::SendHeader finished_header(std::span<uint8_t> frame, uint16_t gso_size);

class Learner {
 public:
  Learner(names::Limits limits, Host host);
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  // What a former agent left in the maps; before anything else.
  struct Kept {
    std::vector<std::pair<net::Ip, sluice_learnt_names>> learnt;
    std::vector<std::pair<uint32_t, std::string>> texts;
    std::vector<std::pair<sluice_question_key, sluice_question_value>> questions;
  };
  void restore(const Kept& kept, uint64_t now);

  // The servers that are believed, all of them.
  void set_servers(std::set<Server> servers) { servers_ = std::move(servers); }

  // A packet of the ring; flush() once there is no other.
  void accept(const sluice_dns_packet& entry, std::span<const uint8_t> frame, uint64_t now);
  // One that has been sent on already, if it was held.
  void accept_sent(const sluice_dns_packet& entry, std::span<const uint8_t> frame, uint64_t now);
  // What was learnt comes in force, and what is held goes on.
  void flush(uint64_t now);
  // Those of these slots, or of all, whose name other rules name than before.
  void classes_changed(std::span<const image::NameSlot> slots);
  void all_classes_changed();
  void expire(uint64_t now);
  std::optional<uint64_t> next_expiry() const;
  // What the look found that was begun last.
  void looked(Host::InUse found, uint64_t now);

  const names::Memory& memory() const { return memory_; }
  const dns::Exchanges& exchanges() const { return exchanges_; }
  const Counts& counts() const { return counts_; }
  // The last that could not be done; "" where all went well since.
  const std::string& last_error() const { return last_error_; }

 private:
  struct Held {
    uint32_t ifindex = 0;
    uint16_t gso_size = 0;
    uint64_t time = 0;
    std::vector<uint8_t> frame;
  };

  names::Asks asks();
  dns::Exchanges::Keeper keeper();
  bool is_slot_in_use(image::NameSlot slot);
  bool is_address_in_use(const net::Ip& ip);
  void note(const base::Status& done);
  void write(const names::Changes& changes);
  std::vector<image::NameSlot> in_force_at(const net::Ip& ip) const;
  // Begins to look at flows where the last look was begun longer ago.
  void look(uint64_t age);
  void look_at_expired(uint64_t now);
  void send_on(Held& held, uint64_t now);

  const Host host_;
  names::Memory memory_;
  dns::Exchanges exchanges_;
  std::set<Server> servers_;
  std::vector<Held> held_;
  std::set<image::NameSlot> known_;  // slots that stand for a name in the compiler
  // What the compiler knows of addresses: those that live, and those that connections may be open by.
  std::map<net::Ip, std::vector<image::NameSlot>> living_;
  std::map<net::Ip, std::set<image::NameSlot>> expired_;
  uint64_t look_at_ = 0;  // when flows are asked of expired_, or where it has as many addresses as look_from_
  size_t look_from_ = 0;
  std::optional<Host::InUse> in_use_;      // as it was when a look was begun
  uint64_t in_use_at_ = 0, slots_at_ = 0;  // when that was; of its slots
  std::optional<uint64_t> looking_;        // since when
  std::map<net::Ip, std::set<image::NameSlot>>
      waiting_;  // had expired before that, and have not changed since
  uint64_t now_ = 0;
  Counts counts_;
  std::string last_error_;
};

}  // namespace sluice::learn
