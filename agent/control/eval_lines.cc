#include "agent/control/eval_lines.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace sluice::control {
namespace {

namespace json = boost::json;
using base::Error;

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

// What an answer holds, and a remark: a file of probes may carry the answers that are expected.
constexpr std::string_view kAnswerKeys[] = {"verdict",      "egress",        "ingress",
                                            "egress_rules", "ingress_rules", "note"};

Error wrong(std::string_view key, const std::string& what) {
  return Error(std::string(key) + ": " + what);
}

base::Result<std::string_view> text_of(std::string_view key, const json::value& value) {
  if (const auto* text = value.if_string()) return view(*text);
  return wrong(key, "is " + json::serialize(value) + ", give a text");
}

base::Result<int64_t> whole_number(std::string_view key, const json::value& value, int64_t last) {
  int64_t number = -1;
  if (const auto* signed_number = value.if_int64()) number = *signed_number;
  if (number < 0 || number > last)
    return wrong(key, "is " + json::serialize(value) + ", give a number from 0 to " + std::to_string(last));
  return number;
}

base::Status read_party(std::string_view key, const json::value& value, model::Party& party) {
  auto text = text_of(key, value);
  if (!text) return text.error();
  auto parsed = model::parse_party(*text);
  if (!parsed) return parsed.error().within(key);
  party = *parsed;
  return base::done();
}

base::Status read_protocol(const json::value& value, model::Probe& probe) {
  if (value.is_number()) {
    auto number = whole_number("protocol", value, 255);
    if (!number) return number.error();
    auto parsed = model::parse_probe_protocol(std::to_string(*number));
    if (!parsed) return parsed.error().within("protocol");
    probe.protocol = *parsed;
    return base::done();
  }
  auto text = text_of("protocol", value);
  if (!text) return text.error();
  auto parsed = model::parse_probe_protocol(*text);
  if (!parsed) return parsed.error().within("protocol");
  probe.protocol = *parsed;
  return base::done();
}

base::Status read_port(const json::value& value, model::Probe& probe) {
  auto number = whole_number("port", value, 65535);
  if (!number) return number.error();
  auto port = net::Port::from_number(*number);
  if (!port) return port.error().within("port");
  probe.port = *port;
  return base::done();
}

base::Status read_family(const json::value& value, model::Probe& probe) {
  auto text = text_of("family", value);
  if (!text) return text.error();
  for (auto family : {net::Family::kIpv4, net::Family::kIpv6})
    if (*text == net::to_text(family)) probe.family = family;
  if (!probe.family) return wrong("family", "is \"" + std::string(*text) + "\", give \"IPv4\" or \"IPv6\"");
  return base::done();
}

base::Status read_member(std::string_view key, const json::value& value, model::Probe& probe) {
  if (key == "id" || std::find(std::begin(kAnswerKeys), std::end(kAnswerKeys), key) != std::end(kAnswerKeys))
    return base::done();
  if (key == "from") return read_party(key, value, probe.from);
  if (key == "to") return read_party(key, value, probe.to);
  if (key == "protocol") return read_protocol(value, probe);
  // null stands for absent, as in the API.
  if (key == "port") return value.is_null() ? base::done() : read_port(value, probe);
  if (key == "family") return value.is_null() ? base::done() : read_family(value, probe);
  return Error("unknown key \"" + std::string(key) +
               "\": a probe has id, from, to, protocol, port and family");
}

base::Result<model::Probe> read_probe(const json::object& object) {
  model::Probe probe;
  for (const auto& [name, value] : object)
    if (auto read = read_member({name.data(), name.size()}, value, probe); !read) return read.error();
  for (const char* key : {"from", "to"})
    if (!object.contains(key)) return Error(std::string(key) + ": is missing");
  return probe;
}

}  // namespace

EvalLine parse_eval_line(std::string_view line) {
  if (line.size() > kLongestEvalLine)
    return {nullptr, Error("the line is longer than " + std::to_string(kLongestEvalLine) + " bytes")};
  json::error_code code;
  json::value value = json::parse({line.data(), line.size()}, code);
  if (code) return {nullptr, Error("not JSON: " + code.message())};
  const auto* object = value.if_object();
  if (!object)
    return {nullptr, Error("is not a JSON object: give {\"id\":…,\"from\":…,\"to\":…,\"protocol\":…}")};
  const auto* id = object->if_contains("id");
  return {id ? *id : json::value(nullptr), read_probe(*object)};
}

namespace {

json::array texts(const std::vector<std::string>& list) {
  json::array array;
  for (const auto& text : list) array.emplace_back(text);
  return array;
}

json::string_view text(std::string_view view) {
  return {view.data(), view.size()};
}

}  // namespace

std::string to_line(const json::value& id, const base::Result<model::Answer>& answer) {
  json::object object;
  object["id"] = id;
  if (!answer) {
    object["error"] = answer.error().message();
    return json::serialize(object);
  }
  object["verdict"] = text(to_text(answer->verdict()));
  object["egress"] = text(to_text(answer->egress));
  object["ingress"] = text(to_text(answer->ingress));
  object["egress_rules"] = texts(answer->egress_rules);
  object["ingress_rules"] = texts(answer->ingress_rules);
  return json::serialize(object);
}

}  // namespace sluice::control
