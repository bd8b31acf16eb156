#include "agent/source/kube/proto_tree.h"

#include <algorithm>
#include <ctime>
#include <set>
#include <string>
#include <vector>

#include "agent/source/decode/tree_builder.h"
#include "agent/source/kube/proto_wire.h"

namespace sluice::source::kube {
namespace {

using source::decode::TreeError;
using source::decode::TreeType;

std::string timestamp(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  char text[64] = {};
  if (::gmtime_r(&time, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
    throw TreeError{0, "has a time that no calendar knows"};
  return text;
}

// The length of the UTF-8 sequence at the front of `text` (RFC 3629); 0 where there is none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<uint8_t>(text[at]) : uint8_t{0}; };
  const auto follows = [&](size_t at, uint8_t least = 0x80, uint8_t most = 0xbf) {
    return byte(at) >= least && byte(at) <= most;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool second = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// As Go writes a text in JSON: every byte that is no UTF-8 becomes U+FFFD.
std::string as_in_json(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0)
      valid += "\xef\xbf\xbd";
    else
      valid += text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return valid;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

// A small message as its fields by number, up to 3; the last of several counts.
struct Fields {
  explicit Fields(std::string_view message) {
    WireMessage wire(message);
    while (auto field = wire.next())
      if (field->number <= 3) at[field->number] = *field;
    if (wire.malformed()) throw TreeError{0, "is malformed protobuf"};
  }
  WireField at[4];
};

class Builder {
 public:
  source::decode::Document take() { return builder_.take(); }

  void message(const Shape& shape, std::string_view bytes) {
    builder_.begin(TreeType::kMap, 0);
    std::vector<Found> found = fields_of(shape, bytes);
    for (const ShapeField& field : shape.fields) {
      if (field.repeated)
        list(field, found);
      else if (field.type == FieldType::kTextMap)
        text_map(field, found);
      else
        single(field, found);
    }
    std::set<uint32_t> unknown;  // a repeated one comes several times
    for (const Found& one : found)
      if (one.field == nullptr && unknown.insert(one.wire.number).second) {
        key("protobuf field " + std::to_string(one.wire.number));
        builder_.null(0);
      }
    builder_.end();
  }

 private:
  struct Found {
    const ShapeField* field = nullptr;  // null: unknown, of a strict Shape
    WireField wire;
  };

  static std::vector<Found> fields_of(const Shape& shape, std::string_view bytes) {
    std::vector<Found> found;
    WireMessage wire(bytes);
    while (auto field = wire.next()) {
      const ShapeField* known = shape.find(field->number);
      if (known != nullptr && is_delimited(known->type) != field->delimited)
        throw TreeError{0,
                        "has a field of another type than Kubernetes gives it: " + std::string(known->name)};
      if (known != nullptr || shape.strict) found.push_back({known, *field});
    }
    if (wire.malformed()) throw TreeError{0, "is malformed protobuf"};
    return found;
  }
  static bool is_delimited(FieldType type) {
    return type != FieldType::kInteger && type != FieldType::kBoolean;
  }

  void key(std::string_view name) { builder_.scalar(name, true, 0); }
  void text(std::string_view bytes) {
    is_ascii(bytes) ? builder_.scalar(bytes, true, 0) : builder_.scalar(as_in_json(bytes), true, 0);
  }

  void list(const ShapeField& field, const std::vector<Found>& found) {
    bool begun = false;
    for (const Found& one : found) {
      if (one.field != &field) continue;
      if (!std::exchange(begun, true)) {
        key(field.name);
        builder_.begin(TreeType::kSequence, 0);
      }
      value(field, one.wire);
    }
    if (begun) builder_.end();
  }

  void text_map(const ShapeField& field, const std::vector<Found>& found) {
    bool begun = false;
    for (const Found& one : found) {
      if (one.field != &field) continue;
      const Fields entry(one.wire.bytes);
      if (field.shape != nullptr && field.shape->find(entry.at[1].bytes) == nullptr) continue;
      if (!std::exchange(begun, true)) {
        key(field.name);
        builder_.begin(TreeType::kMap, 0);
      }
      text(entry.at[1].bytes);
      text(entry.at[2].bytes);
    }
    if (begun) builder_.end();
  }

  void single(const ShapeField& field, const std::vector<Found>& found) {
    const WireField* last = nullptr;
    for (const Found& one : found)
      if (one.field == &field) last = &one.wire;
    if (last == nullptr) return;
    if (field.type == FieldType::kText && last->bytes.empty()) return;
    if (field.type == FieldType::kTime && Fields(last->bytes).at[1].value == 0) return;
    key(field.name);
    value(field, *last);
  }

  void value(const ShapeField& field, const WireField& wire) {
    switch (field.type) {
      case FieldType::kText:
        return text(wire.bytes);
      case FieldType::kInteger:
        return builder_.scalar(std::to_string(static_cast<int64_t>(wire.value)), false, 0);
      case FieldType::kBoolean:
        return builder_.scalar(wire.value != 0 ? "true" : "false", false, 0);
      case FieldType::kMessage:
        return message(*field.shape, wire.bytes);
      case FieldType::kTime:
        return builder_.scalar(timestamp(static_cast<int64_t>(Fields(wire.bytes).at[1].value)), true, 0);
      case FieldType::kIntOrString: {
        const Fields parts(wire.bytes);
        if (parts.at[1].value == 1) return text(parts.at[3].bytes);
        return builder_.scalar(std::to_string(static_cast<int64_t>(parts.at[2].value)), false, 0);
      }
      case FieldType::kTextMap:
        break;  // text_map()
    }
  }

  source::decode::TreeBuilder builder_;
};

}  // namespace

base::Result<source::decode::Document> build_tree(const Shape& shape, std::string_view message) {
  try {
    Builder builder;
    builder.message(shape, message);
    return builder.take();
  } catch (const TreeError& error) {
    return base::Error(error.message);
  }
}

}  // namespace sluice::source::kube
