// Any bytes as what a container runtime or a node hands to sluice-cni. The first byte says as what: the
// configuration of a call, CNI_ARGS, or a node's configuration that ours is composed from. Laws: what another
// plugin answered passes unchanged but for the version's own spelling; a composed list is a list that a
// runtime takes, with all of the base in it and ourselves last, and first too with a gate; a failure is JSON
// on one line.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/cni/call.h"
#include "agent/cni/conf_list.h"
#include "agent/cni/config.h"
#include "agent/cni/result.h"
#include "agent/cni/spec.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;
namespace json = boost::json;

bool equal(const json::value& a, const json::value& b);

// In the same order.
bool equal(const json::object& a, const json::object& b) {
  return std::ranges::equal(a, b, [](const auto& one, const auto& other) {
    return one.key() == other.key() && equal(one.value(), other.value());
  });
}

// Boost.JSON reads a number with a fraction to the last digit but one.
bool equal(const json::value& a, const json::value& b) {
  if (a.is_object() && b.is_object()) return equal(a.get_object(), b.get_object());
  if (a.is_array() && b.is_array())
    return std::ranges::equal(a.get_array(), b.get_array(),
                              [](const auto& one, const auto& other) { return equal(one, other); });
  if (!a.is_double() || !b.is_double()) return a == b;
  const double left = a.get_double(), right = b.get_double();
  return left == right || std::abs(left - right) <= 1e-14 * std::abs(left);
}

template <typename T>
void check_error(const base::Result<T>& result) {
  const std::string text =
      cni::to_json({cni::Code::kInvalidConfig, result.error().message(), result.error().message()}, "1.0.0");
  require(text.find('\n') == text.size() - 1);
  json::error_code code;
  const json::value parsed = json::parse(text, code);
  require(!code && parsed.is_object() && !parsed.get_object().at("msg").as_string().empty());
}

// Without what in_version() may spell anew.
json::object without_versions(json::object result) {
  result.stable_erase("cniVersion");
  if (json::value* ips = result.if_contains("ips"); ips != nullptr && ips->is_array())
    for (json::value& ip : ips->get_array())
      if (ip.is_object()) ip.get_object().stable_erase("version");
  return result;
}

// As a runtime or the next plugin reads it.
json::object read_back(const json::object& object) {
  auto again = cni::decode_object(json::serialize(object));
  require(again.ok());
  return *again;
}

void check_result(const json::object& result, cni::Version version) {
  const auto attachment = cni::read_result(result, "eth0");
  if (!attachment) check_error(attachment);
  require(equal(read_back(result), result));
  const auto own = cni::result_version(result, version);
  if (!own) return check_error(own);
  for (const cni::Version wanted : cni::versions()) {
    const json::object spelled = cni::in_version(result, wanted);
    require(equal(without_versions(spelled), without_versions(result)));
    const auto named = cni::result_version(spelled, cni::kNewest);
    require(named && *named == wanted && equal(cni::in_version(spelled, wanted), spelled));
    if (!attachment) continue;
    const auto same = cni::read_result(read_back(spelled), "eth0");
    require(same && same->addresses == attachment->addresses &&
            same->host_interfaces == attachment->host_interfaces);
  }
}

void check_config(std::string_view bytes) {
  const auto object = cni::decode_object(bytes);
  if (!object) return check_error(object);
  const auto version = cni::version_of(*object);
  if (!version) return check_error(version);
  const auto config = cni::read_config(*object, *version);
  if (!config) return check_error(config);
  require(cni::check_socket(config->socket).ok());
  require(config->timeout.count() > 0 && config->timeout <= cni::kLongestTimeout);
  if (config->prev_result) check_result(*config->prev_result, config->version);
  if (!config->valid) return;
  for (const auto& key : *config->valid) require(!key.container_id.empty() && !key.ifname.empty());
}

void check_arguments(std::string_view text) {
  const auto pod = cni::parse_arguments(text);
  if (!pod) return check_error(pod);
  const auto again = cni::parse_arguments("K8S_POD_NAMESPACE=" + pod->ns + ";K8S_POD_NAME=" + pod->name +
                                          ";K8S_POD_UID=" + pod->uid);
  require(again && *again == *pod);
}

// A version that is not spoken has given way to the highest that is, of those that the base offers.
void check_version_taken(json::object& original, const json::object& composed) {
  if (cni::version_of(original)) return;
  const auto taken = cni::version_of(composed);
  const json::array& offered = composed.at("cniVersions").as_array();
  const auto spoken = [](const json::value& version) {
    return cni::parse_version(std::string_view(version.as_string()));
  };
  require(taken.ok() && std::ranges::any_of(offered, [&](const auto& v) { return spoken(v) == *taken; }));
  require(std::ranges::none_of(offered, [&](const auto& v) { return spoken(v) > *taken; }));
  original["cniVersion"] = composed.at("cniVersion");
}

void check_composed(const cni::Base& base, const cni::Entry& entry) {
  const auto bytes = cni::compose(base, entry);
  if (!bytes) return check_error(bytes);
  require(cni::is_composed_of(*bytes, base, entry) && !cni::is_composed_of(base.bytes, base, entry));
  require(!cni::is_composed_of(*bytes, {base.name, base.bytes + " "}, entry));
  require(!cni::compose({"05-sluice.conflist", *bytes}, entry).ok());

  auto composed = cni::decode_object(*bytes);
  require(composed && cni::version_of(*composed).ok());
  json::array& plugins = composed->at("plugins").as_array();
  const auto last = cni::read_config(plugins.back().as_object(), cni::kNewest);
  require(last && last->socket == entry.socket && last->on_failure == entry.on_failure);
  require(last->gate == (entry.gate ? cni::Gate::kOpen : cni::Gate::kNone));
  plugins.pop_back();
  if (entry.gate) {
    const auto first = cni::read_config(plugins.front().as_object(), cni::kNewest);
    require(first && first->gate == cni::Gate::kClose && first->on_failure == entry.on_failure);
    plugins.erase(plugins.begin());
  }
  const auto original = cni::decode_object(base.bytes);
  if (!base.name.ends_with(".conflist")) {
    require(plugins.size() == 1 && equal(plugins[0], *original));
    return;
  }
  json::object left = *original;
  check_version_taken(left, *composed);
  for (json::object* list : {&left, &*composed}) list->stable_erase("cniVersions");
  require(equal(left, *composed));
}

void check_composed(const cni::Base& base) {
  for (const bool gate : {true, false})
    check_composed(base, {"/run/s.sock", "5s", cni::OnFailure::kPermissive, gate});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      check_config(bytes);
      break;
    case 1:
      check_arguments(bytes);
      break;
    case 2:
      check_composed({"10-base.conflist", bytes});
      break;
    case 3:
      check_composed({"10-base.conf", bytes});
      break;
  }
  return 0;
}
