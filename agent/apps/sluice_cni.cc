// sluice-cni: a CNI plugin where a container runtime calls it (CNI_COMMAND is set, no argument), an installer
// else. Options and wiring; what it does is in agent/cni.
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "agent/apps/command_line.h"
#include "agent/cni/input.h"
#include "agent/cni/install_watch.h"
#include "agent/cni/plugin.h"

namespace sluice::apps {
namespace {

constexpr char kProgram[] = "sluice-cni";
constexpr char kDefaultGrace[] = "5s";

struct InstallOptions {
  cni::NodeFiles node;
  cni::Entry entry;
  std::string on_failure{cni::to_text(cni::OnFailure::kStrict)};
  bool watch = false, check = false, follow_agent = false;
};
struct UninstallOptions {
  cni::NodeFiles node;
  std::string grace = kDefaultGrace;
  bool keep_program = false;
};

int run_plugin() {
  const auto input = cni::read_all(STDIN_FILENO, cni::kLargestConfig, cni::kInputDeadline);
  const cni::Output output =
      cni::run([](const char* name) -> const char* { return std::getenv(name); }, input);
  for (const auto& line : output.report) fail(kProgram, kExitDone, line);
  const bool written = std::fputs(output.answer.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written ? output.exit : kExitFailed;
}

// Readable once the program is asked to end.
base::Fd stop_signal() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigprocmask(SIG_BLOCK, &ending, nullptr);
  return base::Fd(::signalfd(-1, &ending, SFD_CLOEXEC));
}

int run_install(InstallOptions options) {
  options.entry.on_failure = cni::parse_on_failure(options.on_failure).value();
  if (options.follow_agent) options.node.followed_agent = options.entry.socket;
  if (options.check) {
    const auto sound = cni::check_installed(options.node, options.entry);
    return sound ? kExitDone : fail(kProgram, kExitFailed, cni::explained(sound.error()));
  }
  if (options.watch) {
    const base::Fd stop = stop_signal();
    const auto ended = cni::watch(options.node, options.entry, stop.get(),
                                  [](const std::string& line) { fail(kProgram, kExitDone, line); });
    return ended ? kExitDone : fail(kProgram, kExitFailed, cni::explained(ended.error()));
  }
  const auto done = cni::carry_out(options.node, [&](const cni::Survey& survey) {
    return cni::decide_install(survey, options.node, options.entry);
  });
  if (!done) return fail(kProgram, kExitFailed, cni::explained(done.error()));
  if (!done->change.empty()) std::printf("%s\n", done->change.c_str());
  return done->problem.empty() ? kExitDone : fail(kProgram, kExitFailed, done->problem);
}

// What was changed, or what went wrong: already said.
base::Result<bool> take_away(const cni::NodeFiles& node,
                             cni::Decision (*decide)(const cni::Survey&, const cni::NodeFiles&)) {
  const auto done = cni::carry_out(node, [&](const cni::Survey& survey) { return decide(survey, node); });
  if (!done) return done.error();
  if (!done->change.empty()) std::printf("%s\n", done->change.c_str());
  return !done->change.empty();
}

int run_uninstall(const UninstallOptions& options) {
  const auto removed = take_away(options.node, cni::decide_uninstall_configuration);
  if (!removed) return fail(kProgram, kExitFailed, cni::explained(removed.error()));
  if (options.keep_program) return kExitDone;
  // Runtimes that read the configuration just before still call the program.
  if (*removed) {
    std::fflush(stdout);
    std::this_thread::sleep_for(parse_duration(options.grace).value());
  }
  const auto program = take_away(options.node, cni::decide_uninstall_program);
  return program ? kExitDone : fail(kProgram, kExitFailed, cni::explained(program.error()));
}

void add_directories(CLI::App& command, cni::NodeFiles& node) {
  command.add_option("--conf-dir", node.conf_dir, "Where the runtime reads network configurations")
      ->capture_default_str();
  command.add_option("--bin-dir", node.bin_dir, "Where the runtime finds plugins")->capture_default_str();
}

CLI::App* add_install(CLI::App& app, InstallOptions& options) {
  CLI::App* install = app.add_subcommand(
      "install", "Put Sluice around this node's network plugin; again: bring it up to date");
  add_directories(*install, options.node);
  install->add_option("--socket", options.entry.socket, "The agent's socket, as the runtime sees it")
      ->capture_default_str()
      ->check(checked_by([](const std::string& text) { return cni::check_socket(text); }));
  install
      ->add_option("--timeout", options.entry.timeout, "How long the creation of a pod waits for its policy")
      ->capture_default_str()
      ->check(checked_by(cni::parse_timeout));
  install
      ->add_option("--on-failure", options.on_failure,
                   "A pod whose policy is not in force by then: strict (not created) or permissive")
      ->capture_default_str()
      ->check(checked_by([](const std::string& text) { return cni::parse_on_failure(text); }));
  install->add_flag("!--no-gate", options.entry.gate,
                    "Leave a pod's network namespace open while its interface is being made");
  install->add_flag("--follow-agent", options.follow_agent,
                    "Begin once the agent is ready on this node, and let pods go while it cannot run");
  CLI::Option* watch =
      install->add_flag("--watch", options.watch, "Stay, and follow the network plugin's configuration");
  install
      ->add_flag("--check", options.check,
                 "Change nothing; exit 0 where all is as install would leave it, else 1 with what is not")
      ->excludes(watch);
  return install;
}

CLI::App* add_uninstall(CLI::App& app, UninstallOptions& options) {
  CLI::App* uninstall = app.add_subcommand("uninstall", "Undo install");
  add_directories(*uninstall, options.node);
  uninstall->add_option("--grace", options.grace, "How long the program stays after the configuration")
      ->capture_default_str()
      ->check(checked_by(parse_duration));
  uninstall->add_flag(
      "--keep-program", options.keep_program,
      "Leave the program: for runtimes that delete pods by the configuration they were made with");
  return uninstall;
}

int run_installer(int argc, char** argv) {
  CLI::App app("Sluice's CNI plugin, chained around the cluster's own. A runtime calls it; you install it.",
               kProgram);
  set_up(app);
  app.require_subcommand(1);
  InstallOptions to_install;
  UninstallOptions to_uninstall;
  const CLI::App* install = add_install(app, to_install);
  add_uninstall(app, to_uninstall);
  if (auto exit = parse(app, argc, argv)) return leave(kProgram, *exit);
  return install->parsed() ? run_install(std::move(to_install)) : run_uninstall(to_uninstall);
}

}  // namespace
}  // namespace sluice::apps

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const bool called_by_runtime = argc == 1 && std::getenv("CNI_COMMAND") != nullptr;
  return called_by_runtime ? sluice::apps::run_plugin() : sluice::apps::run_installer(argc, argv);
}
