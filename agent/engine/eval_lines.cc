#include "agent/engine/eval_lines.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "agent/base/excerpt.h"
#include "agent/engine/json_members.h"

namespace sluice::engine {
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

// One member of a probe: what was read, and how it is spelled.
struct Member {
  std::string key;
  const json::value& value;
  std::string_view spelled;
};

base::Result<std::string_view> text_of(const Member& member) {
  if (const auto* text = member.value.if_string()) return view(*text);
  return wrong(member.key, "is " + std::string(member.spelled) + ", give a text");
}

base::Result<int64_t> whole_number(const Member& member, int64_t last) {
  int64_t number = -1;
  if (const auto* signed_number = member.value.if_int64()) number = *signed_number;
  if (number < 0 || number > last)
    return wrong(member.key, "is " + std::string(member.spelled) + ", give a whole number from 0 to " +
                                 std::to_string(last));
  return number;
}

base::Status read_party(const Member& member, model::Party& party) {
  auto text = text_of(member);
  if (!text) return text.error();
  auto parsed = model::parse_party(*text);
  if (!parsed) return parsed.error().within(member.key);
  party = *parsed;
  return base::done();
}

base::Status read_protocol(const Member& member, model::Probe& probe) {
  if (member.value.is_number()) {
    auto number = whole_number(member, 255);
    if (!number) return number.error();
    auto parsed = model::parse_probe_protocol(std::to_string(*number));
    if (!parsed) return parsed.error().within("protocol");
    probe.protocol = *parsed;
    return base::done();
  }
  auto text = text_of(member);
  if (!text) return text.error();
  auto parsed = model::parse_probe_protocol(*text);
  if (!parsed) return parsed.error().within("protocol");
  probe.protocol = *parsed;
  return base::done();
}

base::Status read_port(const Member& member, model::Probe& probe) {
  auto number = whole_number(member, 65535);
  if (!number) return number.error();
  auto port = net::Port::from_number(*number);
  if (!port) return port.error().within("port");
  probe.port = *port;
  return base::done();
}

base::Status read_family(const Member& member, model::Probe& probe) {
  auto text = text_of(member);
  if (!text) return text.error();
  for (auto family : {net::Family::kIpv4, net::Family::kIpv6})
    if (*text == net::to_text(family)) probe.family = family;
  if (!probe.family) return wrong("family", "is " + base::excerpt(*text) + ", give \"IPv4\" or \"IPv6\"");
  return base::done();
}

base::Status read_member(const Member& member, model::Probe& probe) {
  const std::string& key = member.key;
  if (key == "id" || std::find(std::begin(kAnswerKeys), std::end(kAnswerKeys), key) != std::end(kAnswerKeys))
    return base::done();
  if (key == "from") return read_party(member, probe.from);
  if (key == "to") return read_party(member, probe.to);
  if (key == "protocol") return read_protocol(member, probe);
  // null stands for absent, as in the API.
  if (key == "port") return member.value.is_null() ? base::done() : read_port(member, probe);
  if (key == "family") return member.value.is_null() ? base::done() : read_family(member, probe);
  return Error("unknown key " + base::excerpt(key) + ": a probe has id, from, to, protocol, port and family");
}

base::Result<model::Probe> read_probe(const std::vector<Member>& members) {
  model::Probe probe;
  for (const Member& member : members)
    if (auto read = read_member(member, probe); !read) return read.error();
  for (const char* key : {"from", "to"})
    if (std::none_of(members.begin(), members.end(), [&](const Member& member) { return member.key == key; }))
      return Error(std::string(key) + ": is missing");
  return probe;
}

}  // namespace

EvalLine parse_eval_line(std::string_view line) {
  if (line.size() > kLongestEvalLine)
    return {"null", Error("the line is longer than " + std::to_string(kLongestEvalLine) + " bytes")};
  json::error_code code;
  json::value value = json::parse({line.data(), line.size()}, code);
  if (code) return {"null", Error("not JSON: " + code.message())};
  const auto* object = value.if_object();
  if (!object)
    return {"null", Error("is not a JSON object: give {\"id\":…,\"from\":…,\"to\":…,\"protocol\":…}")};
  EvalLine read{"null", Error("")};
  std::vector<Member> members;
  for (const auto& [spelled_key, spelled] : members_of(line)) {
    const json::string key = json::parse({spelled_key.data(), spelled_key.size()}).as_string();
    members.push_back({std::string(view(key)), object->at(key), spelled});
    if (members.back().key == "id") read.id = spelled;
  }
  read.probe = read_probe(members);
  return read;
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

std::string to_line(const std::string& id, const base::Result<model::Answer>& answer) {
  json::object object;
  if (answer) {
    object["verdict"] = text(to_text(answer->verdict()));
    object["egress"] = text(to_text(answer->egress));
    object["ingress"] = text(to_text(answer->ingress));
    object["egress_rules"] = texts(answer->egress_rules);
    object["ingress_rules"] = texts(answer->ingress_rules);
  } else {
    object["error"] = answer.error().message();
  }
  return "{\"id\":" + id + "," + json::serialize(object).substr(1);
}

}  // namespace sluice::engine
