#include <boost/json/basic_parser_impl.hpp>
#include <optional>

#include "agent/base/excerpt.h"
#include "agent/source/decode/documents.h"
#include "agent/source/kube/body_format.h"
#include "agent/source/kube/json_filter.h"

namespace sluice::source::kube {
namespace {

namespace json = boost::json;
using source::decode::Tree;
using source::decode::TreeType;

// Hands the parser's events to one value after the other: `Outer` decides which parts of a body are values.
// Names and constants are those that boost::json::basic_parser asks its handler for.
template <typename Outer>
struct Handler {
  // NOLINTBEGIN(readability-identifier-naming)
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = 1 << 20;
  static constexpr std::size_t max_string_size = kLargestObject;
  // NOLINTEND(readability-identifier-naming)

  Outer outer;
  JsonFilter filter;
  bool inside = false;  // a value
  std::string text;     // parts of the string, key or number being read

  bool begin(TreeType type) {
    if (!inside && outer.begins_value(type, filter)) inside = true;
    if (inside) filter.begin(type);
    return true;
  }
  bool end() {
    if (!inside) return outer.end(), true;
    if (filter.end()) {
      inside = false;
      outer.accept(filter.take());
    }
    return true;
  }
  bool part(json::string_view piece) {
    if (inside && !filter.wants()) return true;
    // Texts and keys have limits of their own, numbers have none.
    if (text.size() + piece.size() > kLargestObject) throw JsonFilter::too_large();
    text.append(piece.data(), piece.size());
    return true;
  }
  bool scalar(json::string_view piece, bool quoted) {
    if (inside && text.empty())
      filter.scalar({piece.data(), piece.size()}, quoted);
    else if (part(piece); inside)
      filter.scalar(text, quoted);
    else
      outer.scalar(quoted ? "a text" : "a number");
    text.clear();
    return true;
  }
  bool key(json::string_view piece) {
    part(piece);
    inside ? filter.key(text) : outer.key(text);
    text.clear();
    return true;
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return begin(TreeType::kMap); }
  bool on_object_end(std::size_t, json::error_code&) { return end(); }
  bool on_array_begin(json::error_code&) { return begin(TreeType::kSequence); }
  bool on_array_end(std::size_t, json::error_code&) { return end(); }
  bool on_key_part(json::string_view piece, std::size_t, json::error_code&) { return part(piece); }
  bool on_key(json::string_view piece, std::size_t, json::error_code&) { return key(piece); }
  bool on_string_part(json::string_view piece, std::size_t, json::error_code&) { return part(piece); }
  bool on_string(json::string_view piece, std::size_t, json::error_code&) { return scalar(piece, true); }
  bool on_number_part(json::string_view piece, json::error_code&) { return part(piece); }
  bool on_int64(std::int64_t, json::string_view piece, json::error_code&) { return scalar(piece, false); }
  bool on_uint64(std::uint64_t, json::string_view piece, json::error_code&) { return scalar(piece, false); }
  bool on_double(double, json::string_view piece, json::error_code&) { return scalar(piece, false); }
  bool on_bool(bool value, json::error_code&) { return scalar(value ? "true" : "false", false); }
  bool on_null(json::error_code&) {
    inside ? filter.null() : outer.null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

// {"metadata": {…}, "items": [{…}, …], …}
struct ListOuter {
  const Shape* item_shape = nullptr;
  OnItem on_item;
  ListMeta meta;
  bool whole = false;

  bool begins_value(TreeType type, JsonFilter& filter) {
    if (depth_ == 1 && here_ == Here::kItems && type == TreeType::kSequence) return ++depth_, false;
    if (whole) throw source::decode::TreeError{0, "goes on after the list"};
    if (depth_ == 0 && type == TreeType::kMap) return ++depth_, false;
    if (depth_ == 0 || (depth_ == 2 && type != TreeType::kMap))
      throw source::decode::TreeError{0, "is no list of Kubernetes objects"};
    // What is of no interest is a value too, of which nothing is kept.
    static constexpr Shape kNothing{};
    filter.start(depth_ == 2 ? item_shape : here_ == Here::kMetadata ? &kListMetaShape : &kNothing);
    return true;
  }
  void end() {
    if (--depth_ == 0) whole = true;
  }
  void key(std::string_view name) {
    here_ = name == "metadata" ? Here::kMetadata : name == "items" ? Here::kItems : Here::kElsewhere;
  }
  void scalar(std::string_view what) {
    if (depth_ != 1)
      throw source::decode::TreeError{0, "has " + std::string(what) + " where an object is due"};
  }
  void null() {
    if (depth_ != 1) throw source::decode::TreeError{0, "has null where an object is due"};
  }
  void accept(const source::decode::Document& document) {
    if (depth_ == 2) return on_item(document.root());
    if (here_ == Here::kMetadata) meta = list_meta_of(document.root());
  }

 private:
  enum class Here : uint8_t { kElsewhere, kMetadata, kItems };
  int depth_ = 0;  // 1: in the list object, 2: in its items
  Here here_ = Here::kElsewhere;
};

// {"type": "ADDED", "object": {…}}, again and again.
struct WatchOuter {
  const Shape* event_shape = nullptr;
  OnEvent on_event;

  bool begins_value(TreeType, JsonFilter& filter) {
    filter.start(event_shape);
    return true;
  }
  void end() {}
  void key(std::string_view) {}
  void scalar(std::string_view what) {
    throw source::decode::TreeError{0, "has " + std::string(what) + " for an event"};
  }
  void null() { throw source::decode::TreeError{0, "has null for an event"}; }
  void accept(const source::decode::Document& document) {
    const Tree type = document.root().find("type"), object = document.root().find("object");
    if (type.type() != TreeType::kScalar || object.type() != TreeType::kMap)
      throw source::decode::TreeError{0, "has an event without type or object"};
    on_event(std::string(type.text()), object);
  }
};

// The event's own fields; its object has those of its kind, or of a Status.
struct EventShape {
  explicit EventShape(const Shape& of_kind) {
    object_fields.assign(of_kind.fields.begin(), of_kind.fields.end());
    for (const ShapeField& field : kStatusShape.fields)
      if (of_kind.find(field.name) == nullptr) object_fields.push_back(field);
    object = {object_fields, of_kind.strict};
    fields = {{{"type"}, {"object", 0, FieldType::kMessage, &object, false}}};
    shape = {fields};
  }
  EventShape(const EventShape&) = delete;
  EventShape& operator=(const EventShape&) = delete;

  std::vector<ShapeField> object_fields;
  Shape object;
  std::array<ShapeField, 2> fields;
  Shape shape;
};

template <typename Outer>
class Parser {
 public:
  Parser() : parser_(options()) {}
  Outer& outer() { return parser_.handler().outer; }

  // Document after document.
  base::Status read(std::string_view bytes) {
    try {
      while (!bytes.empty()) {
        json::error_code code;
        const size_t used = parser_.write_some(true, bytes.data(), bytes.size(), code);
        if (code) return base::Error("is not JSON: " + base::one_line(code.message()));
        bytes.remove_prefix(used);
        if (parser_.done()) parser_.reset();
      }
      return base::done();
    } catch (const source::decode::TreeError& error) {
      return base::Error(error.message);
    } catch (const std::exception& error) {
      return base::Error("is not JSON: " + base::one_line(error.what()));
    }
  }

 private:
  static json::parse_options options() {
    json::parse_options options;
    options.max_depth = source::decode::kMaxDepth + 4;  // the builder's own limit speaks first
    return options;
  }
  json::basic_parser<Handler<Outer>> parser_;
};

class JsonListReader final : public ListReader {
 public:
  JsonListReader(const Shape& shape, OnItem on_item) {
    parser_.outer().item_shape = &shape;
    parser_.outer().on_item = std::move(on_item);
  }
  base::Status read(std::string_view bytes) override { return parser_.read(bytes); }
  base::Result<ListMeta> finish() override {
    return finish_list(parser_.outer().whole, parser_.outer().meta);
  }

 private:
  Parser<ListOuter> parser_;
};

class JsonWatchReader final : public WatchReader {
 public:
  JsonWatchReader(const Shape& shape, OnEvent on_event) : shape_(shape) {
    parser_.outer().event_shape = &shape_.shape;
    parser_.outer().on_event = std::move(on_event);
  }
  base::Status read(std::string_view bytes) override { return parser_.read(bytes); }

 private:
  EventShape shape_;
  Parser<WatchOuter> parser_;
};

ApiStatus read_json_status(std::string_view body) {
  const auto parsed = source::decode::parse_json_value(body, 1);
  const auto* document = std::get_if<source::decode::Document>(&parsed);
  return document != nullptr ? status_of(document->root()) : ApiStatus{};
}

}  // namespace

const BodyFormat kJsonBody = {make_reader<JsonListReader>, make_reader<JsonWatchReader>, read_json_status};

}  // namespace sluice::source::kube
