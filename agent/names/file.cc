#include "agent/names/file.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "agent/base/excerpt.h"

namespace sluice::names {

namespace json = boost::json;

using base::Error;
using base::Result;

namespace {

constexpr size_t kLongestLine = size_t{64} * 1024;
constexpr size_t kLongestLabel = 63, kLongestText = 253;  // RFC 1035 2.3.4

Error wrong_name(std::string_view name, const char* what) {
  return Error("name: " + base::excerpt(name) + " " + what);
}

bool is_letter_of_names(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

Result<std::string> canonical(std::string_view written) {
  std::string name(written);
  if (name.ends_with('.')) name.pop_back();
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (name.find('*') != name.npos)
    return wrong_name(written, "is a pattern: give the names that were looked up, each by itself");
  if (name.size() > kLongestText) return wrong_name(written, "is longer than 253 characters");
  size_t labels = 0;
  for (std::string_view rest = name;; ++labels) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > kLongestLabel || !std::ranges::all_of(label, is_letter_of_names))
      return wrong_name(written, "is no domain name: its labels are 1 to 63 letters, digits, \"-\" or \"_\"");
    if (label.size() == rest.size()) break;
    rest.remove_prefix(label.size() + 1);
  }
  if (labels == 0)
    return wrong_name(written, "has one label: no pattern names it; give two or more, as www.example.com");
  return name;
}

Result<std::set<net::Ip>> addresses_of(const json::value& value) {
  const json::array* array = value.if_array();
  if (array == nullptr) return Error("addresses: is no list: give one of texts, as [\"203.0.113.9\"]");
  std::set<net::Ip> addresses;
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string field = "addresses[" + std::to_string(i) + "]";
    const json::string* text = (*array)[i].if_string();
    if (text == nullptr) return Error(field + ": is no text: give an address, as \"203.0.113.9\"");
    const auto ip = net::Ip::parse(*text);
    if (!ip) return ip.error().within(field);
    addresses.insert(*ip);
  }
  return addresses;
}

Result<std::pair<std::string, std::set<net::Ip>>> read_line(std::string_view line) {
  if (line.size() > kLongestLine)
    return Error("the line is longer than 64 KiB: give the name's addresses in several lines");
  json::error_code code;
  const json::value value = json::parse({line.data(), line.size()}, code);
  if (code) return Error("not JSON: " + code.message());
  const json::object* object = value.if_object();
  if (object == nullptr)
    return Error("is no JSON object: give {\"name\": \"www.example.com\", \"addresses\": [\"203.0.113.9\"]}");
  for (const auto& member : *object)
    if (member.key() != "name" && member.key() != "addresses")
      return Error(base::excerpt(member.key()) + ": unknown field: there are name and addresses");
  for (const char* field : {"name", "addresses"})
    if (!object->contains(field)) return Error(std::string(field) + ": is missing");
  const json::string* name = object->at("name").if_string();
  if (name == nullptr) return Error("name: is no text");
  auto text = canonical(*name);
  if (!text) return text.error();
  auto addresses = addresses_of(object->at("addresses"));
  if (!addresses) return addresses.error();
  return std::pair(*std::move(text), *std::move(addresses));
}

}  // namespace

Result<Names> read_names(std::string_view bytes, const std::string& file) {
  if (bytes.size() > kMostBytes) return Error(file + ": is larger than 16 MiB");
  Names names;
  size_t addresses = 0;
  for (size_t number = 1; !bytes.empty(); ++number) {
    const std::string where = file + ": line " + std::to_string(number);
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    auto read = read_line(line);
    if (!read) return Error(where + ": " + base::one_line(read.error().message()));
    std::set<net::Ip>& known = names[std::move(read->first)];
    addresses -= known.size();
    known.merge(read->second);
    addresses += known.size();
    if (addresses > kMostAddresses)
      return Error(where + ": more than " + std::to_string(kMostAddresses) + " addresses: leave names out");
  }
  return names;
}

}  // namespace sluice::names
