#include "agent/source/kube/body_format.h"
#include "agent/source/kube/proto_tree.h"
#include "agent/source/kube/proto_wire.h"

namespace sluice::source::kube {
namespace {

constexpr std::string_view kMagic("k8s\0", 4);

// runtime.Unknown: typeMeta = 1 {apiVersion = 1, kind = 2}, raw = 2.
enum UnknownField : uint32_t { kTypeMeta = 1, kRaw = 2 };
// A list of any kind.
enum ListField : uint32_t { kListMetadata = 1, kListItems = 2 };
// metav1.WatchEvent: type = 1, object = 2 {raw = 1}.
enum WatchField : uint32_t { kEventType = 1, kEventObject = 2 };

base::Error malformed() {
  return base::Error("is malformed protobuf");
}

base::Status check_magic(std::string_view bytes) {
  if (bytes.starts_with(kMagic)) return base::done();
  return base::Error("is not Kubernetes protobuf: it does not begin with k8s");
}

// The whole envelope of one object.
struct Envelope {
  std::string_view kind, raw;
};
base::Result<Envelope> open_envelope(std::string_view bytes) {
  if (auto known = check_magic(bytes); !known) return known.error();
  Envelope envelope;
  WireMessage unknown(bytes.substr(kMagic.size()));
  while (auto field = unknown.next()) {
    if (field->number == kRaw) envelope.raw = field->bytes;
    if (field->number != kTypeMeta) continue;
    WireMessage type(field->bytes);
    while (auto part = type.next())
      if (part->number == 2) envelope.kind = part->bytes;
    if (type.malformed()) return malformed();
  }
  if (unknown.malformed()) return malformed();
  return envelope;
}

// A list's envelope and the list in it are read as one sequence of fields: those of the list stand between
// the envelope's, and end where its `raw` ends.
class ProtoListReader final : public ListReader {
 public:
  ProtoListReader(const Shape& shape, OnItem on_item) : shape_(shape), on_item_(std::move(on_item)) {}

  base::Status read(std::string_view bytes) override {
    pending_ += bytes;
    std::string_view rest = pending_;
    if (!magic_) {
      if (rest.size() < kMagic.size()) return base::done();
      if (auto known = check_magic(rest); !known) return known;
      rest.remove_prefix(kMagic.size());
      magic_ = true;
    }
    while (true) {
      const auto more = step(rest);
      if (!more) return more.error();
      if (!*more) break;
    }
    pending_.erase(0, pending_.size() - rest.size());
    return base::done();
  }

  base::Result<ListMeta> finish() override {
    return finish_list(whole_ && pending_.empty() && skip_ == 0, meta_);
  }

 private:
  // Takes one field, or what there is of one that is passed over. False: more bytes are needed.
  base::Result<bool> step(std::string_view& rest) {
    if (inside_ && raw_left_ == 0) {
      inside_ = false;
      whole_ = true;
    }
    if (skip_ > 0) {
      const size_t count = std::min<uint64_t>(skip_, rest.size());
      skip_ -= count;
      consume(rest, count);
      return skip_ == 0;
    }
    std::string_view ahead = rest;
    const auto varint = take_varint(ahead);
    if (!varint) return rest.size() < kLongestVarint ? base::Result<bool>(false) : malformed();
    const auto tag = tag_of(*varint);
    if (!tag) return malformed();
    return field(*tag, rest, ahead);
  }

  base::Result<bool> field(const WireTag& tag, std::string_view& rest, std::string_view ahead) {
    uint64_t length = tag.type == WireTag::Type::kFixed64 ? 8 : 4;
    if (tag.type == WireTag::Type::kVarint || tag.type == WireTag::Type::kDelimited) {
      const auto value = take_varint(ahead);
      if (!value) return ahead.size() < kLongestVarint ? base::Result<bool>(false) : malformed();
      length = tag.type == WireTag::Type::kDelimited ? *value : 0;
    }
    const size_t head = rest.size() - ahead.size();
    if (inside_ && (head > raw_left_ || length > raw_left_ - head)) return malformed();
    const bool delimited = tag.type == WireTag::Type::kDelimited;
    if (!inside_ && delimited && tag.number == kRaw && !whole_) {
      consume(rest, head);
      inside_ = true;
      raw_left_ = length;
      return true;
    }
    if (!inside_ || !delimited || (tag.number != kListMetadata && tag.number != kListItems)) {
      consume(rest, head);
      skip_ = length;
      return true;
    }
    return part(tag.number, rest, head, length);
  }

  base::Result<bool> part(uint32_t number, std::string_view& rest, size_t head, uint64_t length) {
    if (length > kLargestObject)
      return base::Error("has an object of more than " + std::to_string(kLargestObject >> 20) + " MiB");
    if (rest.size() - head < length) return false;
    const std::string_view bytes = rest.substr(head, length);
    auto tree = build_tree(number == kListItems ? shape_ : kListMetaShape, bytes);
    if (!tree) return tree.error();
    if (number == kListItems)
      on_item_(tree->root());
    else
      meta_ = list_meta_of(tree->root());
    consume(rest, head + length);
    return true;
  }

  void consume(std::string_view& rest, size_t count) {
    rest.remove_prefix(count);
    if (inside_) raw_left_ -= count;
  }

  const Shape& shape_;
  OnItem on_item_;
  std::string pending_;
  ListMeta meta_;
  uint64_t raw_left_ = 0;  // bytes of the list still to come
  uint64_t skip_ = 0;      // bytes of a field that is passed over
  bool magic_ = false, inside_ = false, whole_ = false;
};

// Frames of a 4-byte length, most significant byte first, and a WatchEvent.
class ProtoWatchReader final : public WatchReader {
 public:
  ProtoWatchReader(const Shape& shape, OnEvent on_event) : shape_(shape), on_event_(std::move(on_event)) {}

  base::Status read(std::string_view bytes) override {
    pending_ += bytes;
    std::string_view rest = pending_;
    while (rest.size() >= kHead) {
      size_t length = 0;
      for (size_t i = 0; i < kHead; ++i) length = length << 8 | static_cast<uint8_t>(rest[i]);
      if (length > kLargestObject)
        return base::Error("has an event of more than " + std::to_string(kLargestObject >> 20) + " MiB");
      if (rest.size() - kHead < length) break;
      if (auto taken = event(rest.substr(kHead, length)); !taken) return taken;
      rest.remove_prefix(kHead + length);
    }
    pending_.erase(0, pending_.size() - rest.size());
    return base::done();
  }

 private:
  static constexpr size_t kHead = 4;

  base::Status event(std::string_view bytes) {
    std::string_view type, object;
    WireMessage event(bytes);
    while (auto field = event.next()) {
      if (field->number == kEventType) type = field->bytes;
      if (field->number != kEventObject) continue;
      WireMessage extension(field->bytes);
      while (auto raw = extension.next())
        if (raw->number == 1) object = raw->bytes;
      if (extension.malformed()) return malformed();
    }
    if (event.malformed()) return malformed();
    auto envelope = open_envelope(object);
    if (!envelope) return envelope.error();
    auto tree = build_tree(envelope->kind == "Status" ? kStatusShape : shape_, envelope->raw);
    if (!tree) return tree.error();
    on_event_(std::string(type), tree->root());
    return base::done();
  }

  const Shape& shape_;
  OnEvent on_event_;
  std::string pending_;
};

ApiStatus read_proto_status(std::string_view body) {
  auto envelope = open_envelope(body);
  if (!envelope || envelope->kind != "Status") return {};
  auto tree = build_tree(kStatusShape, envelope->raw);
  return tree ? status_of(tree->root()) : ApiStatus{};
}

}  // namespace

const BodyFormat kProtobufBody = {make_reader<ProtoListReader>, make_reader<ProtoWatchReader>,
                                  read_proto_status};

}  // namespace sluice::source::kube
