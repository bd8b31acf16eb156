#include "agent/cni/result.h"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/base/excerpt.h"
#include "agent/cni/config.h"

namespace sluice::cni {
namespace {

namespace json = boost::json;
using base::Error;
using base::Result;

struct Interface {
  std::string name, sandbox;
};

// An absent list is an empty one.
Result<json::array> list_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return json::array();
  if (!value->is_array()) return Error(std::string("prevResult.") + key + ": must be a list");
  for (const json::value& entry : value->get_array())
    if (!entry.is_object()) return Error(std::string("prevResult.") + key + ": must be a list of objects");
  return value->get_array();
}

Result<std::vector<Interface>> interfaces_of(const json::object& result) {
  auto list = list_at(result, "interfaces");
  if (!list) return list.error();
  std::vector<Interface> interfaces;
  for (const json::value& entry : *list) {
    auto name = text_at(entry.get_object(), "name", "");
    auto sandbox = text_at(entry.get_object(), "sandbox", "");
    if (!name) return name.error().within("prevResult.interfaces");
    if (!sandbox) return sandbox.error().within("prevResult.interfaces");
    interfaces.push_back({std::move(*name), std::move(*sandbox)});
  }
  return interfaces;
}

Result<net::Ip> address_of(const json::object& entry) {
  auto text = text_at(entry, "address", "");
  if (!text) return text.error().within("prevResult.ips");
  auto cidr = net::Cidr::parse(*text);
  auto ip = net::Ip::parse(text->substr(0, text->find('/')));
  if (!cidr || !ip)
    return Error("prevResult.ips: address " + base::excerpt(*text) +
                 ": must be an address and a prefix length");
  return ip;
}

// Is the entry about another interface than the pod's own?
Result<bool> is_elsewhere(const json::object& entry, const std::vector<Interface>& interfaces,
                          std::string_view ifname) {
  const json::value* index = entry.if_contains("interface");
  if (index == nullptr || index->is_null()) return false;
  json::error_code code;
  const auto at = index->to_number<size_t>(code);
  if (code || at >= interfaces.size())
    return Error("prevResult.ips: interface: must be an index into prevResult.interfaces");
  return interfaces[at].sandbox.empty() || interfaces[at].name != ifname;
}

}  // namespace

Result<Version> result_version(const json::object& result, Version otherwise) {
  if (result.if_contains("cniVersion") == nullptr) return otherwise;
  return version_of(result).within("prevResult");
}

Result<Attachment> read_result(const json::object& result, std::string_view ifname) {
  auto interfaces = interfaces_of(result);
  if (!interfaces) return interfaces.error();
  auto ips = list_at(result, "ips");
  if (!ips) return ips.error();
  Attachment attachment;
  for (const Interface& interface : *interfaces)
    if (interface.sandbox.empty() && !interface.name.empty())
      attachment.host_interfaces.push_back(interface.name);
  for (const json::value& entry : *ips) {
    auto elsewhere = is_elsewhere(entry.get_object(), *interfaces, ifname);
    if (!elsewhere) return elsewhere.error();
    auto ip = address_of(entry.get_object());
    if (!ip) return ip.error();
    if (!*elsewhere) attachment.addresses.push_back(*ip);
  }
  std::ranges::sort(attachment.addresses);
  attachment.addresses.erase(std::unique(attachment.addresses.begin(), attachment.addresses.end()),
                             attachment.addresses.end());
  return attachment;
}

json::object in_version(json::object result, Version version) {
  const auto present = result_version(result, version);
  const bool same = present && *present == version;
  result["cniVersion"] = to_text(version);
  if (same || !result.contains("ips") || !result["ips"].is_array()) return result;
  for (json::value& entry : result["ips"].get_array()) {
    if (!entry.is_object()) continue;
    if (version >= Version::k100) {
      entry.get_object().stable_erase("version");
      continue;
    }
    const auto ip = address_of(entry.get_object());
    if (ip) entry.get_object()["version"] = ip->family() == net::Family::kIpv4 ? "4" : "6";
  }
  return result;
}

}  // namespace sluice::cni
