// Messages of DNS (RFC 1035): the question that is put, and what the answer to it teaches (semantics-names 77 and 79).
//
// Laws:
//  1. No byte is trusted. What is read costs a bounded number of steps for each record: a compression pointer leads to
//     before the name it stands in, and a name has at most kMostPointers of them.
//  2. A question is compared as it stood on the wire, with the case of its letters, its type and class.
//  3. Only what the way from the question along CNAMEs leads to is taught, and all of it or nothing: an answer that is
//     no message, or that contradicts itself on this way, teaches nothing.
//  4. Other sections are not read.
//
// A reader of our own: ldns 1.8 follows 65,535 pointers for each name, so that a message of 64 KiB took it 210 ms
// where 2 are enough. The tests hold this reader against ldns.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/net/ip.h"

namespace sluice::dns {

inline constexpr size_t kLongestMessage = 65535;
inline constexpr size_t kHeaderBytes = 12;
inline constexpr size_t kLongestQuestion = 255 + 4;  // name, type and class
inline constexpr size_t kMostAliases = 16;           // CNAMEs from the question to the addresses
inline constexpr int kMostPointers = 127;            // of a name: it has no more labels
inline constexpr uint16_t kTypeA = 1, kTypeCname = 5, kTypeAaaa = 28, kClassIn = 1;

// As it is compared: small letters, no last dot, "" for the root. Bytes that are no letter, digit, "-" or "_" stand as
// \DDD (RFC 1035 5.1), so that a dot is always the end of a label.
struct Name {
  std::string text;
  int labels = 0;
  bool operator==(const Name&) const = default;
  bool can_be_named() const { return labels >= 2; }  // by a pattern
};

struct Question {
  std::string wire;  // name, type and class, byte for byte
  Name name;
  uint16_t type = 0, qclass = 0;
  bool operator==(const Question& other) const { return wire == other.wire; }
};

struct Query {
  uint16_t id = 0;
  Question question;
};

// What became of an answer.
#define SLUICE_DNS_LESSONS(X)                                        \
  X(kAddresses, "addresses")                                         \
  X(kError, "error")          /* a response code other than 0 */     \
  X(kTruncated, "truncated")  /* TC: the client asks again by TCP */ \
  X(kOtherType, "other_type") /* neither A nor AAAA of class IN */   \
  X(kNoAddress, "no_address") /* the way ends without one */         \
  X(kCircle, "circle")                                               \
  X(kLongWay, "long_way") /* more than kMostAliases */               \
  X(kTwoWays, "two_ways") /* a name with two different CNAMEs */     \
  X(kMalformed, "malformed")
enum class Lesson {
#define SLUICE_DNS_LESSON(name, text) name,
  SLUICE_DNS_LESSONS(SLUICE_DNS_LESSON)
#undef SLUICE_DNS_LESSON
};
std::string_view to_text(Lesson lesson);

struct Answer {
  uint16_t id = 0;
  Question question;
  Lesson lesson = Lesson::kMalformed;
  // With kAddresses only. Each of these names has each of these addresses.
  std::vector<Name> names;         // from the question's on, in the order of the way, each once
  std::vector<net::Ip> addresses;  // each once, in the order of the answer
  uint32_t ttl = 0;                // seconds, the least on the way (RFC 2181 5.2 and 8)

  // Those of `names` that a pattern can name.
  std::vector<std::string> to_learn() const;
};

// None: no standard query of one question; nor is one that is compressed.
std::optional<Query> read_question(std::span<const uint8_t> message);
// None: no answer to one question that can be read.
std::optional<Answer> read_answer(std::span<const uint8_t> message);

}  // namespace sluice::dns
