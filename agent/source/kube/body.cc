#include "agent/source/kube/body.h"

#include <charconv>

#include "agent/base/excerpt.h"
#include "agent/source/kube/body_format.h"

namespace sluice::source::kube {
namespace {

int64_t number(const source::decode::Tree& tree) {
  int64_t value = 0;
  const std::string_view text = tree.text();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

const BodyFormat& format_of(Encoding encoding) {
  return encoding == Encoding::kJson ? kJsonBody : kProtobufBody;
}

}  // namespace

std::unique_ptr<ListReader> make_list_reader(Encoding encoding, const Shape& shape, OnItem on_item) {
  return format_of(encoding).list_reader(shape, std::move(on_item));
}

std::unique_ptr<WatchReader> make_watch_reader(Encoding encoding, const Shape& shape, OnEvent on_event) {
  return format_of(encoding).watch_reader(shape, std::move(on_event));
}

ListMeta list_meta_of(const source::decode::Tree& metadata) {
  return {std::string(metadata.find("resourceVersion").text()),
          std::string(metadata.find("continue").text())};
}

base::Result<ListMeta> finish_list(bool whole, const ListMeta& meta) {
  if (!whole) return base::Error("ends in the middle of a list");
  if (meta.resource_version.empty()) return base::Error("is a list without metadata.resourceVersion");
  return meta;
}

ApiStatus status_of(const source::decode::Tree& object) {
  ApiStatus status;
  status.code = number(object.find("code"));
  status.reason = base::one_line(object.find("reason").text());
  status.message = base::one_line(object.find("message").text());
  status.retry_after = number(object.find("details").find("retryAfterSeconds"));
  return status;
}

ApiStatus read_status(Encoding encoding, std::string_view body) {
  return format_of(encoding).status(body);
}

}  // namespace sluice::source::kube
