#include "agent/cni/spec.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

namespace sluice::cni {
namespace {

constexpr std::array<std::pair<Version, std::string_view>, 5> kVersions{{
    {Version::k030, "0.3.0"},
    {Version::k031, "0.3.1"},
    {Version::k040, "0.4.0"},
    {Version::k100, "1.0.0"},
    {Version::k110, "1.1.0"},
}};

}  // namespace

std::string_view to_text(Version version) {
  return kVersions.at(static_cast<size_t>(version)).second;
}

std::optional<Version> parse_version(std::string_view text) {
  for (const auto& [version, spelled] : kVersions)
    if (text == spelled) return version;
  return std::nullopt;
}

const std::vector<Version>& versions() {
  static const std::vector<Version> all = [] {
    std::vector<Version> list;
    list.reserve(kVersions.size());
    for (const auto& [version, spelled] : kVersions) list.push_back(version);
    return list;
  }();
  return all;
}

std::string versions_text() {
  std::string text;
  for (const auto& [version, spelled] : kVersions) text += (text.empty() ? "" : ", ") + std::string(spelled);
  return text;
}

std::string to_json(const Failure& failure, std::string_view cni_version) {
  boost::json::object object{
      {"cniVersion", cni_version}, {"code", static_cast<int>(failure.code)}, {"msg", failure.message}};
  if (!failure.details.empty()) object["details"] = failure.details;
  std::string text = boost::json::serialize(object);
  // An environment may hold any bytes, JSON only UTF-8.
  boost::json::error_code code;
  boost::json::parse(text, code);
  if (code)
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }, '?');
  return text + "\n";
}

std::string version_json(std::string_view cni_version) {
  boost::json::array supported;
  for (const auto& [version, spelled] : kVersions) supported.emplace_back(spelled);
  return boost::json::serialize(
             boost::json::object{{"cniVersion", cni_version}, {"supportedVersions", supported}}) +
         "\n";
}

}  // namespace sluice::cni
