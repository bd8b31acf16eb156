// sluicectl: the operator's command line. Each group of commands has a file of its own.
#include <spdlog/spdlog.h>

#include "agent/apps/ctl/commands.h"

namespace sluice::apps::ctl {
namespace {

int run(int argc, char** argv) {
  spdlog::set_level(spdlog::level::off);  // libraries' remarks: the one line on standard error says it
  CLI::App app(
      "Sluice's command line: talks to an agent's socket, or works offline on a folder of manifests.",
      kSluicectl);
  set_up(app);
  app.require_subcommand(1);
  Commands commands{app, {}};
  add_eval(commands);
  add_matrix(commands);
  add_lint(commands);
  add_graph(commands);
  add_agent_commands(commands);
  add_snapshot(commands);
  add_ui(commands);
  add_observe(commands);
  add_check(commands);
  add_diff(commands);
  add_test(commands);
  add_replay(commands);
  add_convert(commands);
  add_lab(commands);
  add_preflight(commands);
  add_bugreport(commands);
  add_completion(commands);
  if (auto exit = parse(app, argc, argv)) return leave(kSluicectl, *exit);
  return commands.run();
}

}  // namespace
}  // namespace sluice::apps::ctl

int main(int argc, char** argv) {
  return sluice::apps::guarded([&] { return sluice::apps::ctl::run(argc, argv); });
}
