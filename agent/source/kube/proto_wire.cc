#include "agent/source/kube/proto_wire.h"

namespace sluice::source::kube {

std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < kLongestVarint; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    value |= uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<WireTag> tag_of(uint64_t varint) {
  constexpr uint64_t kLargestNumber = (1U << 29) - 1;
  const uint64_t number = varint >> 3;
  if (number == 0 || number > kLargestNumber) return std::nullopt;
  switch (const auto type = static_cast<WireTag::Type>(varint & 7); type) {
    case WireTag::Type::kVarint:
    case WireTag::Type::kFixed64:
    case WireTag::Type::kDelimited:
    case WireTag::Type::kFixed32:
      return WireTag{static_cast<uint32_t>(number), type};
  }
  return std::nullopt;
}

std::optional<WireField> WireMessage::broken() {
  malformed_ = true;
  rest_ = {};
  return std::nullopt;
}

std::optional<WireField> WireMessage::next() {
  if (rest_.empty()) return std::nullopt;
  const auto varint = take_varint(rest_);
  const auto tag = varint ? tag_of(*varint) : std::nullopt;
  if (!tag) return broken();
  WireField field{tag->number, 0, {}, tag->type == WireTag::Type::kDelimited};
  size_t length = 0;
  switch (tag->type) {
    case WireTag::Type::kVarint:
    case WireTag::Type::kDelimited: {
      const auto value = take_varint(rest_);
      if (!value) return broken();
      field.value = *value;
      length = field.delimited ? static_cast<size_t>(*value) : 0;
      break;
    }
    case WireTag::Type::kFixed64:
      length = 8;
      break;
    case WireTag::Type::kFixed32:
      length = 4;
      break;
  }
  if (length > rest_.size()) return broken();
  if (field.delimited) field.bytes = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return field;
}

}  // namespace sluice::source::kube
