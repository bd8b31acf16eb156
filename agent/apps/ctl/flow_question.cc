#include "agent/apps/ctl/flow_question.h"

#include <cstring>
#include <ctime>

#include "agent/base/excerpt.h"
#include "agent/model/probe.h"
#include "agent/observe/filter.h"

namespace sluice::apps::ctl {
namespace {

constexpr int64_t kNanosecondsASecond = 1'000'000'000;
constexpr char kWhom[] = "NAMESPACE/POD, NAMESPACE/KIND/NAME, node/NAME, an address or a CIDR";

CLI::Option* add_list(CLI::App& command, const char* option, std::vector<std::string>& list, const char* help,
                      const char* type) {
  return command.add_option(option, list, help)->type_name(type)->allow_extra_args(false);
}

// Parties as the agent reads them.
base::Status add_parties(const char* option, const FlowQuestion& question,
                         const std::vector<std::string>& from,
                         google::protobuf::RepeatedPtrField<std::string>& to) {
  for (std::string text : from) {
    const bool has_namespace = text.find('/') != text.npos || net::Ip::parse(text);
    if (!has_namespace && question.namespaces.size() == 1) text.insert(0, question.namespaces.front() + "/");
    if (auto party = observe::Party::parse(text); !party) return party.error().within(option);
    to.Add(std::move(text));
  }
  return base::done();
}

template <typename List, typename Field>
void add_all(const List& list, Field& field) {
  field.Add(list.begin(), list.end());
}

}  // namespace

void add_flow_options(CLI::App& command, FlowQuestion& question) {
  command.option_defaults()->always_capture_default(false);
  command.add_option("--socket", question.socket, "The agent's control API")
      ->type_name("PATH")
      ->capture_default_str();
  add_list(command, "-n,--namespace", question.namespaces, "Of either end", "NS");
  add_list(command, "--pod", question.pods, (std::string("Either end: ") + kWhom).c_str(), "WHO");
  add_list(command, "--from", question.from, "Who opened the connection, likewise", "WHO");
  add_list(command, "--to", question.to, "Who was asked, likewise", "WHO");
  command.add_option("--port", question.ports, "Destination port")
      ->check(CLI::Range(1, 65535))
      ->type_name("N")
      ->allow_extra_args(false);
  add_list(command, "--protocol", question.protocols, "TCP, UDP, SCTP, ICMP or an IP protocol number", "P")
      ->check(checked_by(model::parse_probe_protocol));
  add_list(command, "--direction", question.directions, "ingress or egress, as the pod sees it", "D")
      ->check(CLI::IsMember({"ingress", "egress"}));
  add_list(command, "--policy", question.policies,
           "A policy whose rule decides, or that isolates (of tiers Admin/NAME)", "NS/NAME");
  add_list(command, "--label", question.labels, "KEY=VALUE, KEY!=VALUE, KEY or !KEY, of a pod at one end",
           "L")
      ->check(checked_by(observe::parse_labels));
  add_list(command, "--verdict", question.verdicts, "allowed, denied or audit", "V")
      ->check(CLI::IsMember({"allowed", "denied", "audit"}));
  command.add_option("--last", question.last, "Of the agent's history the last so many")->type_name("N");
  command
      .add_option("--since", question.since, "Of the history what is no older: 10m, or 2026-11-29T08:00:00Z")
      ->type_name("T");
  command
      .add_option(
          "--allowed", question.allowed,
          "Have new allowed connections reported too for so long, and follow: 30s, 10m; at most 1h [1m]")
      ->type_name("DURATION")
      ->expected(0, 1)
      ->default_str("1m")
      ->check(checked_by(parse_duration));
}

base::Result<int64_t> parse_since(const std::string& text, int64_t now) {
  if (auto before = parse_duration(text))
    return now - std::chrono::duration_cast<std::chrono::nanoseconds>(*before).count();
  std::tm utc{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (end != nullptr && *end == '.') end += 1 + std::strspn(end + 1, "0123456789");
  if (end == nullptr || std::string_view(end) != "Z")
    return base::Error("--since: " + base::excerpt(text) +
                       " is no time: give how long ago (10m, 2h), or a time as 2026-11-29T08:00:00Z");
  return int64_t{::timegm(&utc)} * kNanosecondsASecond;
}

base::Result<v1::ObserveRequest> request_of(const FlowQuestion& question, int64_t now) {
  v1::ObserveRequest request;
  v1::FlowFilter& filter = *request.mutable_filter();
  add_all(question.namespaces, *filter.mutable_namespaces());
  for (const auto& [option, list, field] : {std::tuple("--pod", &question.pods, filter.mutable_either()),
                                            {"--from", &question.from, filter.mutable_from()},
                                            {"--to", &question.to, filter.mutable_to()}})
    if (auto added = add_parties(option, question, *list, *field); !added) return added.error();
  add_all(question.ports, *filter.mutable_ports());
  add_all(question.protocols, *filter.mutable_protocols());
  add_all(question.directions, *filter.mutable_directions());
  add_all(question.verdicts, *filter.mutable_verdicts());
  add_all(question.policies, *filter.mutable_policies());
  add_all(question.labels, *filter.mutable_labels());
  if (question.last) request.set_last(*question.last);
  if (!question.since.empty()) {
    auto since = parse_since(question.since, now);
    if (!since) return since.error();
    filter.set_since_unix_nanoseconds(*since);
  }
  if (!question.allowed.empty()) {
    const auto time = std::chrono::ceil<std::chrono::seconds>(parse_duration(question.allowed).value());
    request.set_allowed_seconds(static_cast<uint32_t>(time.count()));
  }
  return request;
}

}  // namespace sluice::apps::ctl
