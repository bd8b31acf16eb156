// sluicectl replay and suggest: recorded flows through policies, and policies out of recorded flows.
#include <cstdio>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/engines.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/apps/ctl/read_file.h"
#include "agent/apps/table.h"
#include "agent/apps/terminal.h"
#include "agent/base/visible_json.h"
#include "agent/replay/replay.h"
#include "agent/replay/suggest.h"

namespace sluice::apps::ctl {
namespace {

constexpr size_t kLargestRecord = size_t{1} << 30;  // bytes of JSON lines
constexpr size_t kMagicBytes = 4;

struct ReplayOptions {
  std::vector<std::string> with;
  std::string flows, output = "text";
  Reading reading;
};
struct SuggestOptions {
  std::vector<std::string> manifests;
  std::string flows;
  Reading reading;
};

struct ReadFlows {
  std::vector<replay::Flow> all;
  bool sound = true;
};

bool begins_as_a_capture(const std::string& path) {
  char magic[kMagicBytes] = {};
  std::FILE* file = path == "-" ? nullptr : std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return false;
  const size_t count = std::fread(magic, 1, sizeof magic, file);
  std::fclose(file);
  return replay::is_capture({magic, count});
}

base::Result<replay::Flows> read_records(const std::string& path) {
  if (begins_as_a_capture(path)) return replay::read_capture(path);
  auto bytes = read_file(path, kLargestRecord);
  if (!bytes) return bytes.error();
  return replay::read_flows(*bytes, path);
}

// JSON lines or a capture. Lines about what is wrong go to standard error.
std::optional<ReadFlows> read_flows_of(const char* command, const std::string& path) {
  auto read = read_records(path);
  if (!read) {
    fail(kSluicectl, kExitUsage, std::string(command) + ": " + read.error().message());
    return std::nullopt;
  }
  for (const std::string& problem : read->problems)
    fail(kSluicectl, kExitUsage, std::string(command) + ": " + problem);
  if (read->wrong > replay::kMostProblems)
    fail(kSluicectl, kExitUsage,
         std::string(command) + ": and " + std::to_string(read->wrong - replay::kMostProblems) +
             " lines more");
  if (read->all.empty() && read->problems.empty())
    fail(kSluicectl, kExitDone, std::string("warning: ") + command + ": " + path + " holds no flow");
  return ReadFlows{std::move(read->all), read->problems.empty()};
}

std::string denied_text(const replay::Replayed& replayed, bool colour) {
  std::string text;
  Table table({"FROM", "TO", "PROTOCOL", "PORT", "COUNT", "DENIED AT", "BY"});
  for (const replay::Judged& judged : replayed.denied) {
    const bool egress = judged.answer.egress.opinion == model::Side::kDeny;
    const auto& side = judged.answer.denying();
    const std::string rule = explain::denying_rule(side);
    const auto& port = judged.flow.destination.port;
    table.add({replay::to_text(judged.flow.source), replay::to_text(judged.flow.destination),
               judged.flow.protocol.to_text(), port ? std::to_string(port->host()) : "-",
               std::to_string(judged.flow.count), egress ? "egress" : "ingress",
               rule.empty() ? joined(side.isolated_by, 3) : rule});
  }
  if (!replayed.denied.empty()) text += table.text(colour);
  for (const replay::Judged& judged : replayed.unknown)
    text += "not judged: " + replay::to_text(judged.flow.source) + " -> " +
            replay::to_text(judged.flow.destination) + ": " + judged.why + "\n";
  return text + std::to_string(replayed.flows) + " flows, " + std::to_string(replayed.denied.size()) +
         " kinds of them denied, " + std::to_string(replayed.unknown.size()) + " not judged\n";
}

int run_replay(const ReplayOptions& options) {
  auto manifests = read_manifests(kSluicectl, options.with, Wanted::kWorkloadsToo, options.reading);
  if (!manifests) return kExitUsage;
  auto flows = read_flows_of("replay", options.flows);
  if (!flows) return kExitUsage;
  auto engine = make_engine("native", manifests->cluster);
  explain::Checker checker(manifests->cluster, /*with_trace=*/false, /*with_mends=*/false);
  Progress progress("flows", flows->all.size());
  size_t judged = 0;
  const auto verdict = [&](const model::Probe& probe) -> base::Result<model::Verdict> {
    progress.step(++judged);
    const auto answer = engine->evaluate(probe);
    if (!answer) return answer.error();
    return answer->verdict();
  };
  const auto replayed = replay::replay(manifests->cluster, flows->all, verdict,
                                       [&](const model::Probe& probe) { return checker.check(probe); });
  const std::string text = options.output == "json" ? base::visible_json(replay::to_json(replayed))
                                                    : denied_text(replayed, use_colour());
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0)
    return fail(kSluicectl, kExitFailed, "replay: cannot write to standard output");
  if (!manifests->sound || !flows->sound) return kExitUsage;
  return replayed.denied.empty() ? kExitDone : kExitDenied;
}

int run_suggest(const SuggestOptions& options) {
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo, options.reading);
  if (!manifests) return kExitUsage;
  auto flows = read_flows_of("suggest", options.flows);
  if (!flows) return kExitUsage;
  explain::Checker checker(manifests->cluster, /*with_trace=*/false, /*with_mends=*/false);
  const auto suggested = replay::suggest(manifests->cluster, flows->all,
                                         [&](const model::Probe& probe) { return checker.check(probe); });
  for (const std::string& line : suggested.left_out)
    fail(kSluicectl, kExitDone, "warning: suggest: left out: " + line);
  if (suggested.denied > 0)
    fail(kSluicectl, kExitDone,
         "suggest: " + std::to_string(suggested.denied) + " denied flows do not count");
  std::fputs(replay::to_yaml(suggested.policies).c_str(), stdout);
  if (std::fflush(stdout) != 0)
    return fail(kSluicectl, kExitFailed, "suggest: cannot write to standard output");
  return manifests->sound && flows->sound ? kExitDone : kExitUsage;
}

}  // namespace

void add_replay(Commands& commands) {
  commands.add<ReplayOptions>(
      "replay",
      "Recorded flows, or a capture, through new policies. Exit 3: something would have been denied",
      [](CLI::App& command, ReplayOptions& options) {
        command
            .add_option("--with", options.with, "The policies and their whole cluster: a folder, a file or -")
            ->type_name("DIR|FILE|-")
            ->allow_extra_args(false)
            ->required();
        command.add_option("flows", options.flows, "Lines of observe -o json, or a pcap or pcapng file")
            ->type_name("FLOWS|CAPTURE")
            ->required();
        add_reading_options(command, options.reading);
        add_output_option(command, options.output, {"text", "json"});
      },
      run_replay);
  commands.add<SuggestOptions>(
      "suggest", "The policies that would have allowed what was recorded",
      [](CLI::App& command, SuggestOptions& options) {
        add_manifests_option(command, options.manifests);
        command.add_option("--from", options.flows, "Lines of observe -o json, or a pcap or pcapng file")
            ->type_name("FLOWS")
            ->required();
        add_reading_options(command, options.reading);
      },
      run_suggest);
}

}  // namespace sluice::apps::ctl
