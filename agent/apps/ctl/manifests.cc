#include "agent/apps/ctl/manifests.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "agent/apps/command_line.h"
#include "agent/apps/ctl/read_file.h"
#include "agent/names/file.h"
#include "agent/source/folder/folder.h"
#include "agent/times/clock/hours.h"
#include "agent/times/hours.h"
#include "agent/times/parse.h"

namespace sluice::apps::ctl {
namespace {

constexpr std::string_view kInput = "-";
constexpr size_t kMostFindings = 2000;

bool has_an_address(const model::Cluster& cluster) {
  return std::any_of(cluster.pods.begin(), cluster.pods.end(), [](const auto& entry) {
    return entry.second.takes_part() && !entry.second.ips.empty();
  });
}

std::string counted(const std::map<std::string, size_t>& kinds) {
  std::string text;
  for (const auto& [kind, count] : kinds)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  return text;
}

// With what people take for pods: "1 Deployment, 2 Pod without one".
std::string no_pods(const std::vector<std::string>& sources, const source::folder::FolderContents& read,
                    Wanted wanted) {
  std::map<std::string, size_t> others;
  for (const model::WorkloadKind& kind : model::kWorkloadKinds)
    if (auto found = read.skipped.find(std::string(kind.kind)); found != read.skipped.end())
      others[found->first] = found->second;
  for (const model::Workload& workload : read.workloads)
    for (const model::WorkloadKind& kind : model::kWorkloadKinds)
      if (workload.name.name.starts_with(std::string(kind.name) + "/")) ++others[std::string(kind.kind)];
  if (!read.cluster.pods.empty()) others["Pod without one"] = read.cluster.pods.size();
  const char* input = sources.size() > 1                          ? "all of them"
                      : std::filesystem::is_directory(sources[0]) ? "the folder"
                      : sources[0] == kInput                      ? "the input"
                                                                  : "a file alone";
  std::string named;
  for (const std::string& source : sources) named += (named.empty() ? "" : ", ") + source;
  const bool stand_in = wanted == Wanted::kWorkloadsToo && !others.empty();
  return named + ": no pod with an address in " + input +
         (others.empty() ? "" : " (but " + counted(others) + ")") +
         (stand_in ? ": these stand for their pods, and of ipBlocks only whole families cover them: for all "
                     "answers"
                   : ":") +
         " add Pods with status.podIP, as kubectl get pods -o yaml prints them";
}

// Puts in force what holds of policies that cannot be read whole; their problems become warnings.
void hold(source::folder::FolderContents& read) {
  for (source::decode::ClosedPolicy& closed : read.closed) {
    const model::ObjectId id = model::id_of(closed.policy);
    const auto problem = std::ranges::find(read.problems, std::optional(id), &source::Finding::object);
    if (problem == read.problems.end()) continue;
    read.warnings.push_back(std::move(*problem));
    read.warnings.back().message += ": " + closed.in_force;
    read.problems.erase(problem);
    if (!read.cluster.knows(id)) read.cluster.apply(model::Change::upsert(std::move(closed.policy)));
  }
}

// "2 of 3 policies with hours are outside them at 2026-12-24T18:00:00Z and count as if they were not there: NetworkPolicy
// shop/days, NetworkPolicy shop/x": what a reader of the answer has to know.
std::string outside_text(const times::Outside& outside, times::Instant instant) {
  constexpr size_t kNamed = 5;
  std::string named;
  for (size_t i = 0; i < std::min(outside.ids.size(), kNamed); ++i)
    named += (i == 0 ? "" : ", ") + outside.ids[i].to_text();
  if (outside.ids.size() > kNamed) named += " and " + std::to_string(outside.ids.size() - kNamed) + " more";
  return std::to_string(outside.ids.size()) + " of " + std::to_string(outside.with_hours) +
         " policies with hours are outside them at " + times::to_text(instant) +
         " and count as if they were not there: " + named;
}

times::Outside leave_out(const std::string& program, model::Cluster& cluster, const std::string& moment) {
  const times::Instant instant = moment.empty() ? times::clock::now() : *times::parse_instant(moment);
  times::Outside outside = times::at(cluster, instant);
  if (!outside.ids.empty()) fail(program, kExitDone, outside_text(outside, instant));
  return outside;
}

size_t rules_that_name_domains(const model::Cluster& cluster) {
  size_t count = 0;
  for (const auto& [name, policy] : cluster.cluster_policies)
    count += static_cast<size_t>(std::ranges::count_if(policy.egress, [](const model::ClusterRule& rule) {
      return std::ranges::any_of(rule.peers, [](const model::ClusterPeer& peer) {
        return std::holds_alternative<model::DomainNamesPeer>(peer);
      });
    }));
  return count;
}

}  // namespace

void add_names_option(CLI::App& command, std::string& names) {
  command
      .add_option("--names", names,
                  "What names of domains resolve to: lines of {\"name\": \"www.example.com\", \"addresses\": "
                  "[\"203.0.113.9\"]}")
      ->type_name("FILE")
      ->always_capture_default(false)
      ->default_str("");
}

base::Result<std::map<std::string, std::set<net::Ip>>> read_resolved(const std::string& file) {
  std::map<std::string, std::set<net::Ip>> resolved;
  if (file.empty()) return resolved;
  if (file == kInput) return base::Error("--names: is standard input: give a file");
  const auto bytes = read_file(file, names::kMostBytes);
  if (!bytes) return bytes.error().within("--names");
  auto read = names::read_names(*bytes, file);
  if (!read) return read.error().within("--names");
  resolved.insert(std::make_move_iterator(read->begin()), std::make_move_iterator(read->end()));
  return resolved;
}

void add_at_option(CLI::App& command, std::string& at) {
  command
      .add_option(
          "--at", at,
          "As it is at that time, for policies with hours: 2026-12-24T18:00Z, 2026-12-24T18:00+01:00 or "
          "\"2026-12-24T18:00 Europe/Berlin\"; default: now")
      ->type_name("TIME")
      ->check(checked_by([](const std::string& text) { return times::parse_instant(text); }))
      ->always_capture_default(false)
      ->default_str("");
}

void add_reading_options(CLI::App& command, Reading& reading) {
  add_at_option(command, reading.at);
  add_names_option(command, reading.names);
  add_accepting_options(command, reading.accepting);
}

void print_findings(const std::string& program, int code, const std::string& prefix,
                    const std::vector<source::Finding>& findings) {
  for (size_t i = 0; i < std::min(findings.size(), kMostFindings); ++i)
    fail(program, code, prefix + findings[i].to_text());
  if (findings.size() > kMostFindings)
    fail(program, code,
         prefix + "and " + std::to_string(findings.size() - kMostFindings) + " more like these");
}

std::optional<Manifests> read_manifests(const std::string& program, const std::vector<std::string>& sources,
                                        Wanted wanted, const Reading& reading) {
  if (std::count(sources.begin(), sources.end(), kInput) > 1) {
    fail(program, kExitUsage, "--manifests: standard input is given twice: it can be read once");
    return std::nullopt;
  }
  auto resolved = read_resolved(reading.names);
  if (!resolved) {
    fail(program, kExitUsage, resolved.error().message());
    return std::nullopt;
  }
  const auto translator = translator_of(reading.accepting);
  auto read = source::folder::read_manifests(sources, wanted, translator.get());
  if (!read) {
    fail(program, kExitUsage, "--manifests: " + read.error().message());
    return std::nullopt;
  }
  if (reading.held) hold(*read);
  print_findings(program, kExitUsage, "", read->problems);
  print_findings(program, kExitDone, "warning: ", read->warnings);
  times::Outside outside = leave_out(program, read->cluster, reading.at);
  if (!has_an_address(read->cluster)) fail(program, kExitDone, "warning: " + no_pods(sources, *read, wanted));
  if (wanted == Wanted::kWorkloadsToo)
    read->cluster = model::with_workloads(std::move(read->cluster), std::move(read->workloads));
  const bool unsaid = reading.names.empty() && wanted == Wanted::kWorkloadsToo;
  if (const size_t rules = unsaid ? rules_that_name_domains(read->cluster) : 0; rules > 0)
    fail(program, kExitDone,
         "warning: " + std::to_string(rules) + (rules == 1 ? " rule names" : " rules name") +
             " domains, and nothing says what these resolve to, so they match nothing: give --names FILE");
  read->cluster.resolved = *std::move(resolved);
  return Manifests{std::move(read->cluster), read->problems.empty(), std::move(outside)};
}

}  // namespace sluice::apps::ctl
