#include "agent/observe/text.h"

#include <array>

namespace sluice::observe {
namespace {

constexpr size_t kMostPolicies = 4;

struct Shown {
  const char* word;
  const char* colour;
};
Shown shown(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed:
      return {"allowed", "32"};
    case Verdict::kDenied:
      return {"DENIED ", "31"};
    case Verdict::kAudit:
      return {"AUDIT  ", "33"};
  }
  return {"", ""};
}

std::string end_text(const End& end) {
  std::string text = name_of(end);
  if (end.pod.empty() && end.ip && (!end.service.empty() || !end.node.empty()))
    text += " (" + end.ip->to_text() + ")";
  if (!end.port) return text;
  const bool colons = end.pod.empty() && end.service.empty() && end.node.empty() && end.ip &&
                      end.ip->family() == net::Family::kIpv6;
  return (colons ? "[" + text + "]" : text) + ":" + std::to_string(end.port->host());
}

std::string why(const FlowRecord& record) {
  std::string text = record.reason;
  if (!record.rule.empty())
    text += (record.verdict == Verdict::kAllowed ? " by " : ", denied by ") + record.rule;
  for (size_t i = 0; i < record.isolated_by.size() && i < kMostPolicies; ++i)
    text += (i == 0 ? ", isolated by " : ", ") + record.isolated_by[i];
  if (record.isolated_by.size() > kMostPolicies)
    text += " and " + std::to_string(record.isolated_by.size() - kMostPolicies) + " more";
  if (const std::string names = names_text(record); !names.empty()) text += ", " + names;
  return text;
}

}  // namespace

std::string name_of(const End& end) {
  if (!end.pod.empty()) return end.ns.empty() ? end.pod : end.ns + "/" + end.pod;
  if (!end.service.empty()) return "service " + end.service;
  if (!end.node.empty()) return "node " + end.node;
  return end.ip ? end.ip->to_text() : "?";
}

std::string printable(std::string_view text) {
  static constexpr char kHexDigits[] = "0123456789abcdef";
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f)
      safe += c;
    else
      safe += std::string("\\x") + kHexDigits[byte >> 4] + kHexDigits[byte & 15];
  }
  return safe;
}

std::string line_of(const FlowRecord& record, const LineStyle& style) {
  std::string time = rfc3339(record.time, 3);
  time.pop_back();  // Z
  if (time.starts_with(style.today + "T"))
    time = time.substr(style.today.size() + 1);
  else
    time[time.find('T')] = ' ';
  const Shown verdict = shown(record.verdict);
  std::string text = time + " ";
  text +=
      style.colour ? std::string("\x1b[") + verdict.colour + "m" + verdict.word + "\x1b[0m" : verdict.word;
  std::string rest = (record.direction == model::Direction::kIngress ? " ingress " : " egress  ") +
                     end_text(record.source) + " -> " + end_text(record.destination) + " " +
                     (record.family ? record.protocol.to_text() : "no IP");
  if (record.tcp_flags != 0) rest += " " + flags_text(record.tcp_flags);
  rest += "  " + why(record);
  if (record.count > 1) rest += " x" + std::to_string(record.count);
  if (record.lost > 0) rest += " (" + std::to_string(record.lost) + " lost before)";
  if (!record.id.empty()) rest += " [" + record.id + "]";
  return text + printable(rest);
}

}  // namespace sluice::observe
