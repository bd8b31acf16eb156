#include "agent/names/file.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "agent/base/excerpt.h"
#include "agent/net/domain_name.h"

namespace sluice::names {

namespace json = boost::json;

using base::Error;
using base::Result;

namespace {

constexpr size_t kLongestLine = size_t{64} * 1024;

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
  auto text = net::parse_domain_name(*name);
  if (!text) return text.error().within("name");
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
