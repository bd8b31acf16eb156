// Exchanges: which answers answer what a pod asked (semantics-names 77). The caller has checked that the other end is a
// server that is believed, and says whose interface it is by a number that no other pod gets soon (sluice_endpoint.id).
//
// Laws:
//  1. An answer counts once, to the same interface, port, server, protocol and id, and only with the very same question:
//     the case of its letters, its type and its class.
//  2. A question is remembered for kLife. One that is put again under the same key takes the place of the former one.
//  3. At most kMost are remembered, kMostOfInterface of an interface: there its oldest gives way, else the oldest of
//     the interface that has the most.
//  4. What does not count is counted by reason.
//
// Times are nanoseconds of CLOCK_BOOTTIME and never go back. Pure; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "agent/dns/ages.h"
#include "agent/dns/frame.h"
#include "agent/dns/message.h"
#include "agent/dns/streams.h"

namespace sluice::dns {

// Numbers in host order, the server's address as net::Ip::padded().
struct QuestionKey {
  uint32_t interface = 0;
  uint16_t local_port = 0, server_port = 0;
  uint16_t id = 0;
  uint8_t protocol = 0;  // 6 or 17
  uint8_t family = 0;    // 4 or 6
  std::array<uint8_t, 16> server{};
  auto operator<=>(const QuestionKey&) const = default;
};
static_assert(sizeof(QuestionKey) == 28 && std::has_unique_object_representations_v<QuestionKey>);

struct QuestionValue {
  uint64_t asked = 0;
  uint16_t length = 0;                  // of the question
  std::array<uint8_t, 262> question{};  // Question::wire; the rest is zero
};
static_assert(sizeof(QuestionValue) == 272 && std::has_unique_object_representations_v<QuestionValue>);
static_assert(kLongestQuestion <= 262);

#define SLUICE_DNS_EVENTS(X)                                              \
  X(kAsked, "asked")                                                      \
  X(kAnswered, "answered") /* counts, whatever it teaches */              \
  X(kUnasked, "unasked")   /* or asked more than kLife ago */             \
  X(kRepeated, "repeated")                                                \
  X(kDifferent, "different")   /* asked, but another question */          \
  X(kUnreadable, "unreadable") /* no query, no answer that can be read */ \
  X(kFragment, "fragment")                                                \
  X(kOtherPacket, "other_packet") /* neither UDP nor TCP, or malformed */ \
  X(kGaveWay, "gave_way")         /* a question, to others, before it was answered */
enum class Event {
#define SLUICE_DNS_EVENT(name, text) name,
  SLUICE_DNS_EVENTS(SLUICE_DNS_EVENT)
#undef SLUICE_DNS_EVENT
};
inline constexpr std::string_view kEventTexts[] = {
#define SLUICE_DNS_EVENT(name, text) text,
    SLUICE_DNS_EVENTS(SLUICE_DNS_EVENT)
#undef SLUICE_DNS_EVENT
};
inline constexpr size_t kEvents = std::size(kEventTexts);
constexpr std::string_view to_text(Event event) {
  return kEventTexts[static_cast<size_t>(event)];
}

class Exchanges {
 public:
  static constexpr size_t kMost = 65'536;
  static constexpr size_t kMostOfInterface = 1'024;
  static constexpr uint64_t kLife = 10'000'000'000;

  // Told of every question that begins or ceases to be outstanding, so that a later agent can go on. Either may be empty.
  struct Keeper {
    std::function<void(const QuestionKey&, const QuestionValue&)> added;  // also in the place of a former one
    std::function<void(const QuestionKey&)> removed;
  };
  explicit Exchanges(Keeper keeper = {}) : keeper_(std::move(keeper)) {}

  // A packet between a pod and a believed server, every segment of TCP included. Returns what counts.
  std::vector<Answer> accept(const Packet& packet, uint32_t interface, Direction direction, uint64_t now);
  // What is older than kLife is gone; accept() does this too.
  void expire(uint64_t now);
  // What a former agent remembered; what cannot be, or is too old, is told to `removed`. Before anything is accepted, in
  // any order.
  void restore(std::vector<std::pair<QuestionKey, QuestionValue>> questions, uint64_t now);

  size_t size() const { return questions_.size(); }  // those that were answered included
  uint64_t count(Event event) const { return counts_[static_cast<size_t>(event)]; }
  const Streams& streams() const { return streams_; }

 private:
  struct Hash {
    size_t operator()(const QuestionKey& key) const noexcept;
  };
  struct Outstanding {
    QuestionValue value;
    uint64_t age = 0;
    bool is_answered = false;
  };
  using Table = std::unordered_map<QuestionKey, Outstanding, Hash>;

  void note(Event event) { ++counts_[static_cast<size_t>(event)]; }
  void ask(QuestionKey key, std::span<const uint8_t> message, uint64_t now);
  void remember(const QuestionKey& key, const QuestionValue& value);
  void answer(QuestionKey key, std::span<const uint8_t> message, std::vector<Answer>& answers);
  void drop(Table::iterator question);
  void forget(uint64_t age);
  void make_room(uint32_t interface);

  Keeper keeper_;
  Streams streams_;
  Table questions_;
  std::map<uint64_t, QuestionKey> by_age_;
  Ages ages_;
  std::array<uint64_t, kEvents> counts_{};
};

}  // namespace sluice::dns
