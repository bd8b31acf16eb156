#include "agent/cni/conf_list.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>

#include "agent/base/excerpt.h"

namespace sluice::cni {
namespace {

namespace json = boost::json;
using base::Error;
using base::Result;

constexpr char kBandwidthType[] = "bandwidth";

std::string_view extension_of(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot);
}

// The rule of the specification for names of networks, which become parts of paths.
bool is_network_name(std::string_view name) {
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  if (name.empty() || !plain(name[0])) return false;
  for (const char c : name)
    if (!plain(c) && c != '_' && c != '.' && c != '-') return false;
  return true;
}

base::Status check_plugin(const json::value& plugin, const std::string& where) {
  if (!plugin.is_object()) return Error(where + ": must be an object");
  auto type = text_at(plugin.get_object(), "type", "");
  if (!type) return type.error().within(where);
  if (type->empty() || type->find('/') != std::string::npos)
    return Error(where + ": type " + base::excerpt(*type) + ": must be the file name of a plugin");
  return base::done();
}

bool is_of_type(const json::value& plugin, std::string_view type) {
  return plugin.is_object() && plugin.get_object().contains("type") &&
         plugin.get_object().at("type") == json::value(type);
}

bool is_ours(const json::value& plugin) {
  return is_of_type(plugin, kPluginType);
}

// The entry at which programs come to an interface; the gate's own entry goes in front of everything.
bool attaches(const json::value& plugin) {
  return is_ours(plugin) &&
         !(plugin.get_object().contains("gate") && plugin.get_object().at("gate") == json::value(kGateClose));
}

bool attaches_before_bandwidth(const json::array& plugins) {
  return std::any_of(std::ranges::find_if(plugins, attaches), plugins.end(),
                     [](const json::value& plugin) { return is_of_type(plugin, kBandwidthType); });
}

base::Status check_plugins(const json::object& list) {
  const json::value* plugins = list.if_contains("plugins");
  if (plugins == nullptr || !plugins->is_array() || plugins->get_array().empty())
    return Error("plugins: must be a list of at least one plugin");
  const json::array& all = plugins->get_array();
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string where = "plugins[" + std::to_string(i) + "]";
    if (auto sound = check_plugin(all[i], where); !sound) return sound;
    if (is_ours(all[i]) && !attaches_before_bandwidth(all))
      return Error(where + ": sluice-cni stands in it already: take it out, or leave the installing to it");
  }
  return base::done();
}

// One plugin is a list of one, as libcni has it.
Result<json::object> as_list(const Base& base, json::object object) {
  if (extension_of(base.name) == ".conflist") return object;
  if (object.contains("plugins"))
    return Error("plugins: a list must have a file name that ends in .conflist");
  json::object list;
  for (const char* key : {"cniVersion", "cniVersions", "name"})
    if (object.contains(key)) list[key] = object[key];
  list["plugins"] = json::array{std::move(object)};
  return list;
}

// Keeps of `cniVersions`, from which runtimes choose, those that sluice-cni speaks. `cniVersion`, for runtimes that
// choose nothing, stays if sluice-cni speaks it; else it becomes the highest that is kept.
base::Status narrow_versions(json::object& list) {
  const json::value* offered = list.if_contains("cniVersions");
  if (offered == nullptr) return base::done();
  if (!offered->is_array()) return Error("cniVersions: must be a list");
  json::array spoken;
  std::optional<Version> highest;
  for (const json::value& entry : offered->get_array()) {
    if (!entry.is_string()) return Error("cniVersions: must be a list of texts");
    const auto version = parse_version(std::string_view(entry.get_string()));
    if (!version) continue;
    spoken.push_back(entry);
    highest = std::max(highest.value_or(*version), *version);
  }
  const auto named = text_at(list, "cniVersion", "");
  if (highest && named && !parse_version(*named)) list["cniVersion"] = to_text(*highest);
  if (spoken.empty())
    list.stable_erase("cniVersions");
  else
    list["cniVersions"] = spoken;
  return base::done();
}

// FNV-1a. It tells one base from the next. A hash that can be forged is good enough: whoever may write the base may
// write our list too.
std::string digest(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

// Our entry as the last plugin of the list.
json::object own_entry(const Base& base, const Entry& entry) {
  json::object own{{"type", kPluginType},
                   {"socket", entry.socket},
                   {"timeout", entry.timeout},
                   {"onFailure", to_text(entry.on_failure)},
                   {"base", base.name + " " + digest(base.bytes)}};
  if (entry.gate) own["gate"] = kGateOpen;
  return own;
}

// Our entry as the first plugin of the list, where there is a gate.
json::object gate_entry(const Entry& entry) {
  return {{"type", kPluginType}, {"gate", kGateClose}, {"onFailure", to_text(entry.on_failure)}};
}

// Its plugins; none where it is no list.
json::array plugins_of(std::string_view configuration) {
  const auto list = decode_object(configuration);
  const json::value* plugins = list ? list->if_contains("plugins") : nullptr;
  return plugins != nullptr && plugins->is_array() ? plugins->get_array() : json::array();
}

}  // namespace

bool is_configuration_name(std::string_view name) {
  const std::string_view extension = extension_of(name);
  return extension == ".conflist" || extension == ".conf" || extension == ".json";
}

Result<std::string> compose(const Base& base, const Entry& entry) {
  auto object = decode_object(base.bytes);
  if (!object) return object.error();
  auto list = as_list(base, std::move(*object));
  if (!list) return list.error();
  if (auto sound = narrow_versions(*list); !sound) return sound.error();
  if (auto version = version_of(*list); !version) return version.error();
  auto name = text_at(*list, "name", "");
  if (!name) return name.error();
  if (!is_network_name(*name))
    return Error("name " + base::excerpt(*name) +
                 ": must begin with a letter or digit and have only these, '_', '.' and '-'");
  if (auto sound = check_plugins(*list); !sound) return sound.error();
  json::array& chain = (*list)["plugins"].get_array();
  chain.erase(std::remove_if(chain.begin(), chain.end(), is_ours), chain.end());
  if (entry.gate) chain.insert(chain.begin(), gate_entry(entry));
  chain.push_back(own_entry(base, entry));
  std::string bytes = json::serialize(*list) + "\n";
  // A list that this program cannot read would be found wrong, and written anew, at every look.
  if (auto again = decode_object(bytes); !again) return again.error().within("with sluice-cni in it");
  return bytes;
}

bool is_composed_of(std::string_view ours, const Base& base, const Entry& entry) {
  const auto list = decode_object(ours);
  if (!list || !version_of(*list)) return false;
  const auto stands = [plugins = plugins_of(ours)](const json::object& wanted) {
    return std::ranges::any_of(plugins, [&](const json::value& plugin) {
      return plugin.is_object() && plugin.get_object() == wanted;
    });
  };
  return stands(own_entry(base, entry)) && (!entry.gate || stands(gate_entry(entry)));
}

bool precedes_bandwidth(std::string_view configuration) {
  return attaches_before_bandwidth(plugins_of(configuration));
}

Result<std::string> put_last(std::string_view ours) {
  auto list = decode_object(ours);
  if (!list) return list.error();
  json::array plugins = plugins_of(ours);
  std::stable_partition(plugins.begin(), plugins.end(),
                        [](const json::value& plugin) { return !attaches(plugin); });
  (*list)["plugins"] = std::move(plugins);
  return json::serialize(*list) + "\n";
}

}  // namespace sluice::cni
