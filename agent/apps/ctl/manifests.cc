#include "agent/apps/ctl/manifests.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "agent/apps/command_line.h"
#include "agent/source/folder/folder.h"

namespace sluice::apps::ctl {
namespace {

constexpr std::string_view kInput = "-";

bool has_an_address(const model::Cluster& cluster) {
  return std::any_of(cluster.pods.begin(), cluster.pods.end(), [](const auto& entry) {
    return entry.second.takes_part() && !entry.second.ips.empty();
  });
}

// With what people take for pods: "1 Deployment, 2 Pod without one".
std::string no_pods(const std::vector<std::string>& sources, const source::folder::FolderContents& read) {
  constexpr std::array kWorkloads = {
      "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"};
  std::string others;
  const auto add = [&](size_t count, const std::string& kind) {
    if (count > 0) others += (others.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  };
  for (const char* kind : kWorkloads)
    if (auto found = read.skipped.find(kind); found != read.skipped.end()) add(found->second, kind);
  add(read.cluster.pods.size(), "Pod without one");
  const char* input = sources.size() > 1                          ? "all of them"
                      : std::filesystem::is_directory(sources[0]) ? "the folder"
                      : sources[0] == kInput                      ? "the input"
                                                                  : "a file alone";
  std::string named;
  for (const std::string& source : sources) named += (named.empty() ? "" : ", ") + source;
  return named + ": no pod with an address in " + input + (others.empty() ? "" : " (but " + others + ")") +
         ": add Pods with status.podIP, as kubectl get pods -o yaml prints them";
}

}  // namespace

std::optional<Manifests> read_manifests(const std::string& program, const std::vector<std::string>& sources) {
  if (std::count(sources.begin(), sources.end(), kInput) > 1) {
    fail(program, kExitUsage, "--manifests: standard input is given twice: it can be read once");
    return std::nullopt;
  }
  auto read = source::folder::read_manifests(sources);
  if (!read) {
    fail(program, kExitUsage, "--manifests: " + read.error().message());
    return std::nullopt;
  }
  for (const auto& problem : read->problems) fail(program, kExitUsage, problem.to_text());
  for (const auto& warning : read->warnings) fail(program, kExitDone, "warning: " + warning.to_text());
  if (!has_an_address(read->cluster)) fail(program, kExitDone, "warning: " + no_pods(sources, *read));
  return Manifests{std::move(read->cluster), read->problems.empty()};
}

}  // namespace sluice::apps::ctl
