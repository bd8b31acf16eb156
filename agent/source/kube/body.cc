#include "agent/source/kube/body.h"

#include <charconv>

#include "agent/base/excerpt.h"
#include "agent/source/kube/json_body.h"
#include "agent/source/kube/proto_body.h"

namespace sluice::source::kube {
namespace {

int64_t number(const source::decode::Tree& tree) {
  int64_t value = 0;
  const std::string_view text = tree.text();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::unique_ptr<ListReader> make_list_reader(Encoding encoding, model::Kind kind, TakeItem take) {
  return encoding == Encoding::kJson ? make_json_list_reader(kind, std::move(take))
                                     : make_proto_list_reader(kind, std::move(take));
}

std::unique_ptr<WatchReader> make_watch_reader(Encoding encoding, model::Kind kind, TakeEvent take) {
  return encoding == Encoding::kJson ? make_json_watch_reader(kind, std::move(take))
                                     : make_proto_watch_reader(kind, std::move(take));
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
  return encoding == Encoding::kJson ? read_json_status(body) : read_proto_status(body);
}

}  // namespace sluice::source::kube
