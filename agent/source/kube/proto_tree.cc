#include "agent/source/kube/proto_tree.h"

#include <ctime>
#include <string>
#include <vector>

#include "agent/source/kube/proto_wire.h"
#include "agent/source/tree_builder.h"

namespace sluice::kube {
namespace {

using source::TreeError;
using source::TreeType;

std::string timestamp(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  char text[64] = {};
  if (::gmtime_r(&time, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
    throw TreeError{0, "has a time that no calendar knows"};
  return text;
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
  source::Document take() { return builder_.take(); }

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
    for (const Found& unknown : found)
      if (unknown.field == nullptr) {
        key("protobuf field " + std::to_string(unknown.wire.number));
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
      if (!std::exchange(begun, true)) {
        key(field.name);
        builder_.begin(TreeType::kMap, 0);
      }
      const Fields entry(one.wire.bytes);
      key(entry.at[1].bytes);
      builder_.scalar(entry.at[2].bytes, true, 0);
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
        return builder_.scalar(wire.bytes, true, 0);
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
        if (parts.at[1].value == 1) return builder_.scalar(parts.at[3].bytes, true, 0);
        return builder_.scalar(std::to_string(static_cast<int64_t>(parts.at[2].value)), false, 0);
      }
      case FieldType::kTextMap:
        break;  // text_map()
    }
  }

  source::TreeBuilder builder_;
};

}  // namespace

base::Result<source::Document> build_tree(const Shape& shape, std::string_view message) {
  try {
    Builder builder;
    builder.message(shape, message);
    return builder.take();
  } catch (const TreeError& error) {
    return base::Error(error.message);
  }
}

}  // namespace sluice::kube
