#include "agent/cni/config.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "agent/base/duration.h"
#include "agent/base/excerpt.h"

namespace sluice::cni {

namespace json = boost::json;
using base::Error;
using base::Result;

namespace {

// A number beyond what a double holds becomes infinite, which no JSON can say.
bool is_finite(const json::value& value) {
  if (value.is_double()) return std::isfinite(value.get_double());
  if (value.is_array()) return std::ranges::all_of(value.get_array(), is_finite);
  return !value.is_object() ||
         std::ranges::all_of(value.get_object(), [](const auto& entry) { return is_finite(entry.value()); });
}

// The key of the specification, and the one that its first text named by mistake: runtimes write both.
constexpr std::string_view kValidKeys[] = {"cni.dev/valid-attachments", "cni.dev/attachments"};

Result<AttachmentKey> attachment_key(const json::value& entry) {
  if (!entry.is_object()) return Error("must be a list of objects");
  auto container_id = text_at(entry.get_object(), "containerID", "");
  auto ifname = text_at(entry.get_object(), "ifname", "");
  if (!container_id) return container_id.error();
  if (!ifname) return ifname.error();
  if (container_id->empty() || ifname->empty()) return Error("containerID and ifname must be there");
  return AttachmentKey{std::move(*container_id), std::move(*ifname)};
}

// None where the key is absent; null is an empty list, which Go spells so.
Result<std::optional<std::vector<AttachmentKey>>> valid_attachments(const json::object& object) {
  const json::value* list = nullptr;
  std::string key;
  for (const std::string_view spelled : kValidKeys) {
    if (list == nullptr) key = spelled, list = object.if_contains(key);
  }
  std::optional<std::vector<AttachmentKey>> valid;
  if (list == nullptr) return valid;
  valid.emplace();
  if (list->is_null()) return valid;
  if (!list->is_array()) return Error(key + ": must be a list");
  for (const json::value& entry : list->get_array()) {
    auto read = attachment_key(entry);
    if (!read) return read.error().within(key);
    valid->push_back(std::move(*read));
  }
  return valid;
}

}  // namespace

Result<OnFailure> parse_on_failure(std::string_view text) {
  for (const OnFailure choice : {OnFailure::kStrict, OnFailure::kPermissive})
    if (text == to_text(choice)) return choice;
  return Error(base::excerpt(text) + ": must be strict or permissive");
}

std::string_view to_text(OnFailure choice) {
  return choice == OnFailure::kStrict ? "strict" : "permissive";
}

static Result<Gate> parse_gate(std::string_view text) {
  if (text.empty()) return Gate::kNone;
  if (text == kGateClose) return Gate::kClose;
  if (text == kGateOpen) return Gate::kOpen;
  return Error(base::excerpt(text) + ": must be close or open");
}

Result<std::chrono::milliseconds> parse_timeout(const std::string& text) {
  auto timeout = base::parse_duration(text);
  if (!timeout) return timeout.error();
  if (timeout->count() == 0 || *timeout > kLongestTimeout)
    return Error(base::excerpt(text) + ": must be more than 0 and at most 1m");
  return timeout;
}

base::Status check_socket(std::string_view path) {
  if (path.empty() || path[0] != '/' || path.size() > kLongestSocket ||
      path.find('\0') != std::string_view::npos)
    return Error(base::excerpt(path) + ": must be an absolute path of at most 107 bytes");
  return base::done();
}

Result<json::object> decode_object(std::string_view bytes) {
  if (bytes.size() > kLargestConfig)
    return Error("has more than " + std::to_string(kLargestConfig) + " bytes");
  json::error_code code;
  json::value value = json::parse(json::string_view(bytes.data(), bytes.size()), code);
  if (code) return Error("is no JSON: " + code.message());
  if (!value.is_object()) return Error("is no JSON object");
  if (!is_finite(value)) return Error("has a number that is out of range");
  return std::move(value.get_object());
}

Result<std::string> text_at(const json::object& object, std::string_view key, std::string_view otherwise) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) return Error(std::string(key) + ": must be text");
  return std::string(value->get_string().data(), value->get_string().size());
}

Result<Version> version_of(const json::object& object) {
  auto text = text_at(object, "cniVersion", "");
  if (!text) return text.error();
  if (const auto version = parse_version(*text)) return *version;
  return Error("cniVersion " + base::excerpt(*text) + ": sluice-cni speaks " + versions_text());
}

Result<Config> read_config(const json::object& object, Version version) {
  Config config;
  config.version = version;
  auto network = text_at(object, "name", "");
  if (!network) return network.error();
  config.network = *network;
  auto socket = text_at(object, "socket", kDefaultSocket);
  if (!socket) return socket.error();
  if (auto sound = check_socket(*socket); !sound) return sound.error().within("socket");
  config.socket = *socket;
  auto timeout = text_at(object, "timeout", kDefaultTimeout);
  if (!timeout) return timeout.error();
  auto duration = parse_timeout(*timeout);
  if (!duration) return duration.error().within("timeout");
  config.timeout = *duration;
  auto choice = text_at(object, "onFailure", to_text(OnFailure::kStrict));
  if (!choice) return choice.error();
  auto on_failure = parse_on_failure(*choice);
  if (!on_failure) return on_failure.error().within("onFailure");
  config.on_failure = *on_failure;
  auto moves = text_at(object, "gate", "");
  if (!moves) return moves.error();
  auto gate = parse_gate(*moves);
  if (!gate) return gate.error().within("gate");
  config.gate = *gate;
  if (const json::value* previous = object.if_contains("prevResult"); previous && !previous->is_null()) {
    if (!previous->is_object()) return Error("prevResult: must be an object");
    config.prev_result = previous->get_object();
  }
  auto valid = valid_attachments(object);
  if (!valid) return valid.error();
  config.valid = std::move(*valid);
  return config;
}

}  // namespace sluice::cni
