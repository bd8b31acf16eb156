#include "agent/observe/record.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "agent/flow/reasons.h"

namespace sluice::observe {
namespace {

constexpr std::array<const char*, 8> kFlagNames = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
constexpr int64_t kNanoseconds = 1'000'000'000;

model::ObjectName name_of(const std::string& pod) {
  const size_t slash = pod.find('/');
  if (slash == pod.npos) return {"", pod};
  return {pod.substr(0, slash), pod.substr(slash + 1)};
}

End end_of(const std::optional<net::Ip>& ip, const std::optional<net::Port>& port, const std::string& pod,
           const Names& names) {
  End end;
  end.ip = ip;
  end.port = port;
  if (!pod.empty()) {
    const model::ObjectName name = name_of(pod);
    end.ns = name.ns;
    end.pod = name.name;
    end.workload = names.workload(name);
    return end;
  }
  if (!ip) return end;
  end.service = names.service(*ip);
  if (end.service.empty()) end.node = names.node(*ip);
  return end;
}

size_t memory_of(const std::string& text) {
  return text.capacity() > std::string().capacity() ? text.capacity() + 1 : 0;
}

size_t memory_of(const End& end) {
  return memory_of(end.ns) + memory_of(end.pod) + memory_of(end.workload) + memory_of(end.service) +
         memory_of(end.node);
}

}  // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed:
      return "allowed";
    case Verdict::kDenied:
      return "denied";
    case Verdict::kAudit:
      return "audit";
  }
  return "";
}

FlowRecord describe(const flow::Record& record, int64_t time, const Names& names) {
  FlowRecord flow;
  flow.time = time;
  const bool audit = record.audit || record.reason == SLUICE_ALLOWED_AUDIT;
  flow.verdict = audit                            ? Verdict::kAudit
                 : flow::is_denied(record.reason) ? Verdict::kDenied
                                                  : Verdict::kAllowed;
  flow.reason = flow::reason_label(record.reason);
  flow.direction = record.judged_direction();
  if (record.local) flow.family = record.local->family();
  flow.protocol = record.protocol;
  flow.tcp_flags = record.tcp_flags;
  End local = end_of(record.local, record.local_port, record.pod, names);
  End remote = end_of(record.remote, record.remote_port, record.remote_pod, names);
  const bool opened_here = flow.direction == model::Direction::kEgress;
  if (!opened_here) std::swap(local, remote);
  flow.source = std::move(local);
  flow.destination = std::move(remote);
  return flow;
}

std::string names_text(const FlowRecord& record) {
  if (!record.no_name_learnt || !record.destination.ip) return "";
  return "no name learnt for " + record.destination.ip->to_text();
}

std::string flags_text(uint8_t tcp_flags) {
  std::string text;
  for (size_t bit = 0; bit < kFlagNames.size(); ++bit)
    if (tcp_flags >> bit & 1) text += (text.empty() ? "" : ",") + std::string(kFlagNames[bit]);
  return text;
}

size_t memory_of(const FlowRecord& record) {
  size_t bytes = sizeof record + memory_of(record.id) + memory_of(record.node) + memory_of(record.reason) +
                 memory_of(record.source) + memory_of(record.destination) + memory_of(record.rule);
  for (const std::string& policy : record.isolated_by) bytes += sizeof(std::string) + memory_of(policy);
  return bytes;
}

std::string rfc3339(int64_t time, int digits) {
  const auto seconds = static_cast<std::time_t>(time / kNanoseconds);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[40];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, "%09lld", static_cast<long long>(time % kNanoseconds));
  return std::string(text, size) + "." + std::string(fraction, static_cast<size_t>(digits)) + "Z";
}

}  // namespace sluice::observe
