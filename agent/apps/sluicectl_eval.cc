// sluicectl eval: one JSON probe a line in, one JSON answer a line out, in the same order.
#include <fstream>
#include <iostream>

#include "agent/apps/engines.h"
#include "agent/apps/manifests.h"
#include "agent/apps/sluicectl_commands.h"
#include "agent/apps/terminal.h"
#include "agent/control/eval_lines.h"

namespace sluice::apps {
namespace {

struct EvalOptions {
  std::string manifests, probes;
  std::string engine = "native";
};

// The next line without its end, of which no more is kept than tells that it is too long; false at the end of
// input.
bool read_line(std::streambuf& in, std::string& line) {
  constexpr int kEnd = std::char_traits<char>::eof();
  line.clear();
  int c = in.sbumpc();
  if (c == kEnd) return false;
  for (; c != kEnd && c != '\n'; c = in.sbumpc())
    if (line.size() <= control::kLongestEvalLine) line.push_back(static_cast<char>(c));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t") == std::string::npos;
}

// Whether every probe made sense. Blank lines are passed over.
bool evaluate(control::Engine& engine, std::istream& in, std::ostream& out) {
  bool sound = true;
  size_t count = 0;
  Progress progress("probes", 0);
  for (std::string line; read_line(*in.rdbuf(), line);) {
    if (is_blank(line)) continue;
    const auto asked = control::parse_eval_line(line);
    const base::Result<model::Answer> answer =
        asked.probe ? engine.evaluate(*asked.probe) : base::Result<model::Answer>(asked.probe.error());
    sound = sound && answer.ok();
    out << control::to_line(asked.id, answer) << '\n';
    // Whoever writes probes one by one waits for each answer.
    if (in.rdbuf()->in_avail() <= 0) out.flush();
    progress.step(++count);
  }
  out.flush();
  return sound;
}

int run_eval(const EvalOptions& options) {
  std::ifstream file;
  if (options.probes != "-") {
    file.open(options.probes, std::ios::binary);
    if (!file)
      return fail(kSluicectl, kExitUsage,
                  base::Error::from_errno(errno, "--probes " + options.probes).message());
  }
  auto manifests = read_manifests(kSluicectl, options.manifests);
  if (!manifests) return kExitUsage;
  std::ios::sync_with_stdio(false);
  auto engine = make_engine(options.engine, manifests->cluster);
  std::istream& in = options.probes == "-" ? std::cin : file;
  const bool sound = evaluate(*engine, in, std::cout);
  if (!std::cout) return fail(kSluicectl, kExitFailed, "eval: cannot write the answers to standard output");
  if (in.bad()) return fail(kSluicectl, kExitFailed, "eval: cannot read " + options.probes);
  return sound && manifests->sound ? kExitDone : kExitUsage;
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
        command.add_option("--engine", options.engine, "native, bpf (needs root) or reference")
            ->check(CLI::IsMember({kEngineNames[0], kEngineNames[1], kEngineNames[2]}));
      },
      run_eval);
}

}  // namespace sluice::apps
