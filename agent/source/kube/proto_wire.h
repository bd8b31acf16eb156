// The protobuf wire format, read without copying (protobuf.dev/programming-guides/encoding). Groups, which
// Kubernetes does not use, are refused. Private to agent/source/kube. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::source::kube {

// Takes a varint from the front of `bytes`; none, and `bytes` as it was, where it is not whole or longer than
// 64 bits.
std::optional<uint64_t> take_varint(std::string_view& bytes);

inline constexpr size_t kLongestVarint = 10;  // bytes

struct WireField {
  uint32_t number = 0;
  uint64_t value = 0;      // varint, fixed32, fixed64
  std::string_view bytes;  // length-delimited
  bool delimited = false;
};

// The tag of a field.
struct WireTag {
  enum class Type : uint8_t { kVarint = 0, kFixed64 = 1, kDelimited = 2, kFixed32 = 5 };
  uint32_t number = 0;
  Type type = Type::kVarint;
};
// None where the number or type is not one of the format.
std::optional<WireTag> tag_of(uint64_t varint);

// Walks through the fields of one whole message.
class WireMessage {
 public:
  explicit WireMessage(std::string_view bytes) : rest_(bytes) {}
  // None at the end, and where the bytes are malformed.
  std::optional<WireField> next();
  bool malformed() const { return malformed_; }

 private:
  std::optional<WireField> broken();
  std::string_view rest_;
  bool malformed_ = false;
};

}  // namespace sluice::source::kube
