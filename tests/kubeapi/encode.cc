#include "tests/kubeapi/encode.h"

#include <boost/json.hpp>
#include <ctime>

#include "agent/source/kube/shape.h"

namespace sluice::kubeapi {
namespace {

namespace json = boost::json;
using source::kube::Encoding;
using source::kube::FieldType;
using source::kube::Shape;

std::string text_of(const json::value& value) {
  return std::string(value.as_string());
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string number_field(uint32_t number, uint64_t value) {
  return varint(number << 3) + varint(value);
}
std::string bytes_field(uint32_t number, std::string_view bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

int64_t seconds_of(const std::string& timestamp) {
  std::tm parts{};
  ::strptime(timestamp.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return ::timegm(&parts);
}

std::string message_of(const Shape& shape, const Json& object);

std::string value_of(const source::kube::ShapeField& field, const json::value& value) {
  switch (field.type) {
    case FieldType::kText:
      return bytes_field(field.number, text_of(value));
    case FieldType::kInteger:
      return number_field(field.number, static_cast<uint64_t>(value.to_number<int64_t>()));
    case FieldType::kBoolean:
      return number_field(field.number, value.as_bool() ? 1 : 0);
    case FieldType::kMessage:
      return bytes_field(field.number, message_of(*field.shape, value.as_object()));
    case FieldType::kTime:
      return bytes_field(field.number, number_field(1, static_cast<uint64_t>(seconds_of(text_of(value)))) +
                                           number_field(2, 0));
    case FieldType::kIntOrString: {
      const bool text = value.is_string();
      return bytes_field(field.number,
                         number_field(1, text) +
                             number_field(2, text ? 0 : static_cast<uint64_t>(value.to_number<int64_t>())) +
                             bytes_field(3, text ? text_of(value) : std::string()));
    }
    case FieldType::kTextMap: {
      std::string entries;
      for (const auto& [key, entry] : value.as_object())
        entries += bytes_field(field.number, bytes_field(1, key) + bytes_field(2, text_of(entry)));
      return entries;
    }
  }
  return {};
}

// Where a shape is not strict, unknown fields of every wire type stand between the others, as those of other
// versions of Kubernetes do.
std::string unknown_fields() {
  return number_field(3000, 1U << 20) + bytes_field(3001, "unknown") + varint(3002 << 3 | 5) + "1234" +
         varint(3003 << 3 | 1) + "12345678";
}

std::string message_of(const Shape& shape, const Json& object) {
  std::string bytes;
  for (const auto& field : shape.fields) {
    const auto* value = object.if_contains(field.name);
    if (field.number == 0 || value == nullptr || value->is_null()) {
      // Go writes the empty values of fields that are no pointers.
      if (value == nullptr && field.name == "nodeName") bytes += bytes_field(field.number, "");
      continue;
    }
    if (!field.repeated) {
      bytes += value_of(field, *value);
      continue;
    }
    for (const auto& item : value->as_array()) bytes += value_of(field, item);
  }
  return shape.strict ? bytes : bytes + unknown_fields();
}

std::string enveloped(std::string_view api_version, std::string_view kind, const std::string& raw) {
  return std::string("k8s\0", 4) + bytes_field(1, bytes_field(1, api_version) + bytes_field(2, kind)) +
         bytes_field(2, raw) + bytes_field(3, "") + bytes_field(4, "");
}

std::string framed(Encoding encoding, const std::string& type, const Json& object,
                   const std::string& protobuf) {
  if (encoding == Encoding::kJson) return json::serialize(Json{{"type", type}, {"object", object}}) + "\n";
  const std::string event = bytes_field(1, type) + bytes_field(2, bytes_field(1, protobuf));
  std::string head;
  for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(event.size() >> shift);
  return head + event;
}

const Shape& shape_of(const ServedKind& kind) {
  const auto known = kind.of_model();
  return known ? source::kube::shape_of(*known) : source::kube::kForeignShape;
}

Json typed(const ServedKind& kind, Json object) {
  object["kind"] = kind.name;
  object["apiVersion"] = std::string(api_version_of(kind));
  return object;
}

Json status_of(const Refusal& refusal) {
  Json status{{"kind", "Status"},    {"apiVersion", "v1"},         {"metadata", Json{}},
              {"status", "Failure"}, {"message", refusal.message}, {"reason", refusal.reason},
              {"code", refusal.code}};
  if (refusal.retry_after > 0) status["details"] = Json{{"retryAfterSeconds", refusal.retry_after}};
  return status;
}

std::string status_protobuf(const Json& status) {
  return enveloped("v1", "Status", message_of(source::kube::kStatusShape, status));
}

}  // namespace

std::string encode_list(Encoding encoding, const ServedKind& kind, const Page& page) {
  const std::string list_kind = kind.name + "List";
  Json metadata{{"resourceVersion", std::to_string(page.version)}};
  if (!page.next.empty()) {
    metadata["continue"] = page.next;
    metadata["remainingItemCount"] = 1;
  }
  if (encoding == Encoding::kProtobuf) {
    std::string list = bytes_field(1, message_of(source::kube::kListMetaShape, metadata));
    for (const Stored& item : page.items) list += bytes_field(2, message_of(shape_of(kind), *item));
    return enveloped(api_version_of(kind), list_kind, list);
  }
  json::array items;
  for (const Stored& item : page.items) items.push_back(*item);
  return json::serialize(Json{{"kind", list_kind},
                              {"apiVersion", api_version_of(kind)},
                              {"metadata", metadata},
                              {"items", std::move(items)}});
}

std::string encode_event(Encoding encoding, const ServedKind& kind, const std::string& type,
                         const Json& object) {
  return framed(encoding, type, typed(kind, object),
                enveloped(api_version_of(kind), kind.name, message_of(shape_of(kind), object)));
}

std::string encode_bookmark(Encoding encoding, const ServedKind& kind, uint64_t version) {
  return encode_event(
      encoding, kind, "BOOKMARK",
      Json{{"metadata", Json{{"resourceVersion", std::to_string(version)}}}, {"spec", Json{}}});
}

std::string encode_error_event(Encoding encoding, const Refusal& refusal) {
  const Json status = status_of(refusal);
  return framed(encoding, "ERROR", status, status_protobuf(status));
}

std::string encode_status(Encoding encoding, const Refusal& refusal) {
  const Json status = status_of(refusal);
  return encoding == Encoding::kJson ? json::serialize(status) : status_protobuf(status);
}

}  // namespace sluice::kubeapi
