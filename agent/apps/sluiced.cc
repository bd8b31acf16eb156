// sluiced: the per-node agent. Options and wiring; what it does is in agent/control.
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "agent/apps/confined.h"
#include "agent/apps/hold_new.h"
#include "agent/apps/preflight.h"
#include "agent/apps/sluiced_options.h"
#include "agent/base/cannot_run.h"
#include "agent/base/descriptors.h"
#include "agent/control/agent.h"
#include "agent/control/announced_file.h"
#include "agent/control/dry_run.h"
#include "agent/kernel/bpffs.h"
#include "agent/serve/socket_path.h"
#include "agent/source/folder/folder_feeder.h"

namespace sluice::apps {
namespace {

constexpr char kProgram[] = "sluiced";
constexpr uint64_t kLeastDescriptors =
    128;  // maps, programs, gRPC's own: some 80, and a few pods; gRPC aborts without

// Says why no agent starts, also to those who would wait for one; not beside one that runs.
int give_up(const SluicedOptions& options, int exit, const std::string& why) {
  const auto alive = serve::agent_listens(options.socket);
  if (alive && !*alive)
    (void)base::write_cannot_run(options.socket, why);  // no directory: nobody reads there
  return fail(kProgram, exit, why);
}

int run_detach(const SluicedOptions& options) {
  auto alive = serve::agent_listens(options.socket);
  if (!alive) return fail(kProgram, kExitUsage, alive.error().message());
  if (*alive)
    return fail(kProgram, kExitFailed,
                "--detach: an agent is running at socket " + options.socket + ": stop it first");
  auto detached = kernel::attach::detach_all(options.bpffs);
  if (!detached) return fail(kProgram, kExitFailed, detached.error().message());
  // Else the next agent would close the pods that are announced there before it knows their policies.
  auto forgotten = control::remove_announced_file(control::announced_file(options.socket));
  if (!forgotten) return fail(kProgram, kExitFailed, forgotten.error().message());
  auto taken_back = base::remove_cannot_run(options.socket);
  if (!taken_back) return fail(kProgram, kExitFailed, taken_back.error().message());
  return kExitDone;
}

names::Limits name_limits_of(const SluicedOptions& options) {
  names::Limits limits = options.name_limits;
  limits.grace = options.dns_grace * names::kSecond;
  return limits;
}

int run_dry(const SluicedOptions& options) {
  const auto translator = translator_of(options.accepting);
  auto result = control::dry_run({options.node_name, options.manifests, options.netns_dir, options.bpffs,
                                  options.socket, translator.get(), options.budget, name_limits_of(options)});
  if (!result) return fail(kProgram, kExitFailed, result.error().message());
  for (const auto& problem : result->problems) fail(kProgram, kExitDone, problem);
  for (const auto& warning : result->warnings) fail(kProgram, kExitDone, "warning: " + warning);
  std::fputs(result->difference.c_str(), stdout);
  return result->sound ? kExitDone : kExitUsage;
}

int run_preflight_of(const SluicedOptions& options) {
  spdlog::set_level(spdlog::level::off);  // libraries' remarks: the table says it
  PreflightOptions preflight;
  preflight.bpffs = options.bpffs;
  preflight.netns_dir = options.netns_dir;
  preflight.output = options.output;
  preflight.attach = kernel::attach::parse_attach_mode(options.attach).value();
  return run_preflight(preflight);
}

control::AgentOptions agent_options(const SluicedOptions& options) {
  control::AgentOptions agent;
  agent.version = SLUICE_VERSION;
  agent.node_name = options.node_name;
  agent.socket = {options.socket, options.socket_group, options.feeder_uid};
  agent.netns_dir = options.netns_dir;
  agent.source = options.manifests.empty() ? "control API" : "manifests " + options.manifests;
  agent.bpffs = options.bpffs;
  agent.strict = options.default_verdict == "strict";
  agent.audit = options.mode == "audit";
  agent.close_new = options.new_interfaces == "closed";
  agent.flows = options.flows;
  agent.flows_per_pod = options.flows_per_pod.value_or(0);
  agent.history_bytes = parse_history_bytes(options.history_bytes).value();
  agent.log_drops = options.log_drops == "on";
  agent.names.believed = learn::parse_servers(options.dns_servers).value();
  agent.names.limits = name_limits_of(options);
  agent.budget = options.budget;
  agent.attach = kernel::attach::parse_attach_mode(options.attach).value();
  return agent;
}

int run_agent(const SluicedOptions& options) {
  const base::Log log = begin_daemon(options);
  if (auto enough = base::check_descriptor_limit(kLeastDescriptors); !enough)
    return give_up(options, kExitFailed, enough.error().message());
  if (auto usable = serve::agent_listens(options.socket); !usable)
    return fail(kProgram, kExitUsage, usable.error().message());
  boost::asio::io_context loop(1);
  std::unique_ptr<source::Feeder> folder;
  const auto mode = sandbox_mode(options, std::getenv("SLUICE_SANDBOX"));
  if (!mode) return give_up(options, kExitUsage, mode.error().message());
  if (!options.manifests.empty()) {
    auto opened = source::folder::FolderFeeder::open(options.manifests, translator_of(options.accepting));
    if (!opened) return give_up(options, kExitUsage, "--manifests: " + opened.error().message());
    folder = std::move(*opened);
  }
  std::unique_ptr<control::Agent> agent;
  const auto answer = [&agent](const serve::HttpRequest& request) {
    return agent ? agent->answer_http(request) : serve::HttpAnswer{503, "text/plain", "starting\n"};
  };
  auto http = listen_for_metrics(loop, options, answer);
  if (!http) return give_up(options, kExitUsage, http.error().message());
  auto with = agent_options(options);
  with.confine = [&] {
    prepare_socket_folder(options.socket, options.socket_group);
    return confine(agent_needs({options.bpffs, options.netns_dir, options.manifests, options.socket}), *mode,
                   log);
  };
  auto started = control::Agent::start(loop, std::move(with), std::move(folder), log);
  if (!started) return give_up(options, kExitFailed, started.error().message());
  if (auto removed = base::remove_cannot_run(options.socket); !removed)
    log.warn("earlier_failure_stays", {{"error", removed.error().message()}});
  agent = std::move(*started);
  agent->run();
  end_within(kEndGrace);
  return kExitDone;
}

int run_hold_new(const SluicedOptions& options) {
  const base::Log log = begin_daemon(options);
  const base::Error ended = hold_new({options.socket, options.netns_dir, options.bpffs,
                                      kernel::attach::parse_attach_mode(options.attach).value()},
                                     log);
  return fail(kProgram, kExitFailed, "--hold-new: " + ended.message());
}

int run(int argc, char** argv) {
  auto parsed = parse_sluiced(argc, argv, fallbacks_of_host());
  if (const auto* exit = std::get_if<Exit>(&parsed)) return leave(kProgram, *exit);
  const auto& options = std::get<SluicedOptions>(parsed);
  if (options.preflight) return run_preflight_of(options);
  if (auto usable = kernel::check_bpffs(options.bpffs); !usable) {
    const std::string why = usable.error().within("--bpffs").message();
    return options.detach || options.dry_run || options.hold_new ? fail(kProgram, kExitUsage, why)
                                                                 : give_up(options, kExitUsage, why);
  }
  if (options.detach) return run_detach(options);
  if (options.dry_run) return run_dry(options);
  if (options.hold_new) return run_hold_new(options);
  return run_agent(options);
}

}  // namespace
}  // namespace sluice::apps

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return sluice::apps::guarded([&] { return sluice::apps::run(argc, argv); });
}
