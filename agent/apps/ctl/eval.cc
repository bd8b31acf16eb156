// sluicectl eval: one JSON probe a line in, one JSON answer a line out, in the same order.
#include <algorithm>
#include <fstream>
#include <iostream>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/engines.h"
#include "agent/apps/ctl/eval_stream.h"
#include "agent/apps/ctl/manifests.h"

namespace sluice::apps::ctl {
namespace {

struct EvalOptions {
  std::vector<std::string> manifests;
  std::string probes;
  std::string engine = "native";
  Reading reading;
};

int run_eval(const EvalOptions& options) {
  if (options.probes == "-" &&
      std::find(options.manifests.begin(), options.manifests.end(), "-") != options.manifests.end())
    return fail(kSluicectl, kExitUsage,
                "--manifests and --probes: both are standard input: give a file for one");
  std::ifstream file;
  if (options.probes != "-") {
    file.open(options.probes, std::ios::binary);
    if (!file)
      return fail(kSluicectl, kExitUsage,
                  base::Error::from_errno(errno, "--probes " + options.probes).message());
  }
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo, options.reading);
  if (!manifests) return kExitUsage;
  std::ios::sync_with_stdio(false);
  auto engine = make_engine(options.engine, manifests->cluster);
  std::istream& in = options.probes == "-" ? std::cin : file;
  const EvalCounts counts = answer_lines(*engine, manifests->cluster, in, std::cout);
  if (!std::cout) return fail(kSluicectl, kExitFailed, "eval: cannot write the answers to standard output");
  if (in.bad()) return fail(kSluicectl, kExitFailed, "eval: cannot read " + options.probes);
  if (counts.unanswered > 0)
    return fail(kSluicectl, kExitFailed,
                "eval: " + std::to_string(counts.unanswered) + " without an answer: " + counts.failure);
  return counts.senseless == 0 && manifests->sound ? kExitDone : kExitUsage;
}

}  // namespace

void add_eval(Commands& commands) {
  commands.add<EvalOptions>(
      "eval", "Answer probes offline: one JSON object a line in, one a line out",
      [](CLI::App& command, EvalOptions& options) {
        add_manifests_option(command, options.manifests);
        command.add_option("--probes", options.probes, "File of probes, - for standard input")
            ->type_name("FILE|-")
            ->required();
        add_held_option(command, options.reading.held);
        add_reading_options(command, options.reading);
        command.add_option("--engine", options.engine, "native, bpf (needs root) or reference")
            ->check(CLI::IsMember({kEngineNames[0], kEngineNames[1], kEngineNames[2]}));
      },
      run_eval);
}

}  // namespace sluice::apps::ctl
