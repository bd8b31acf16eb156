// Readers of what a Kubernetes API server answers: bytes go in as they come, objects come out one
// by one.
//
// Laws:
//  1. Of a body only the object being read is held, and of that only the fields of its Shape.
//  2. An object that is larger than kLargestObject, nested too deep or not well-formed ends the
//     reading with an error. Whatever a reader has handed out before was whole.
//  3. Both encodings of the same objects give equal Trees.
//
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/source/decode/tree.h"
#include "agent/source/kube/shape.h"

namespace sluice::source::kube {

inline constexpr size_t kLargestObject = 16 << 20;  // bytes of one object

enum class Encoding : uint8_t { kJson, kProtobuf };

inline constexpr char kJsonType[] = "application/json";
inline constexpr char kProtobufType[] = "application/vnd.kubernetes.protobuf";

// metadata of a list.
struct ListMeta {
  std::string resource_version;
  std::string continue_token;  // empty: this was the last page
};

// An element of a watch: type is "ADDED", "MODIFIED", "DELETED", "BOOKMARK" or "ERROR"; the tree is valid
// during the call only.
using OnItem = std::function<void(const source::decode::Tree& object)>;
using OnEvent = std::function<void(const std::string& type, const source::decode::Tree& object)>;

class ListReader {
 public:
  virtual ~ListReader() = default;
  virtual base::Status read(std::string_view bytes) = 0;
  // The body is over: its metadata, or why it is no list.
  virtual base::Result<ListMeta> finish() = 0;
};

class WatchReader {
 public:
  virtual ~WatchReader() = default;
  virtual base::Status read(std::string_view bytes) = 0;
};

// `shape`: of the objects; it must outlive the reader.
std::unique_ptr<ListReader> make_list_reader(Encoding encoding, const Shape& shape, OnItem on_item);
std::unique_ptr<WatchReader> make_watch_reader(Encoding encoding, const Shape& shape, OnEvent on_event);

// metav1.Status, in an answer that is no success and in an ERROR event.
struct ApiStatus {
  int64_t code = 0;  // as HTTP's; 0: not given
  std::string reason, message;
  int64_t retry_after = 0;  // seconds
};
ApiStatus status_of(const source::decode::Tree& object);
// Of a whole body; whatever is no Status gives an empty one.
ApiStatus read_status(Encoding encoding, std::string_view body);

}  // namespace sluice::source::kube
