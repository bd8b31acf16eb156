// sluicectl lab: pods without Kubernetes.
#include <cstdio>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/apps/table.h"
#include "agent/apps/terminal.h"
#include "agent/lab/lab.h"

namespace sluice::apps::ctl {
namespace {

struct UpOptions {
  std::vector<std::string> manifests;
  std::string topology = "routed";
  std::vector<std::string> outside;
};
struct DownOptions {};
struct ProbeOptions : MatrixQuestion {
  int port = 0;
  std::string timeout = "300ms";
};

int run_up(const UpOptions& options) {
  lab::Options lab;
  lab.topology = lab::parse_topology(options.topology).value();
  for (const auto& text : options.outside) lab.outside.push_back(lab::parse_outside(text).value());
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kObjects, {});
  if (!manifests) return kExitUsage;
  auto hosts = lab::up(manifests->cluster, lab);
  if (!hosts) return fail(kSluicectl, kExitFailed, "lab up: " + hosts.error().message());
  Table table({"POD", "NAMESPACE FILE", "INTERFACE", "ADDRESSES"});
  for (const auto& host : *hosts) {
    std::vector<std::string> addresses;
    for (const auto& ip : host.ips) addresses.push_back(ip.to_text());
    table.add({host.name.to_text(), host.netns, host.host_ifname, joined(addresses)});
  }
  std::fputs(table.text(use_colour()).c_str(), stdout);
  return manifests->sound ? kExitDone : kExitUsage;
}

int run_down(const DownOptions&) {
  auto removed = lab::down({});
  if (!removed) return fail(kSluicectl, kExitFailed, "lab down: " + removed.error().message());
  for (const auto& line : *removed) std::printf("%s\n", line.c_str());
  return kExitDone;
}

int run_probe(const ProbeOptions& options) {
  auto what = protocol_and_port(options.protocol, options.port);
  if (!what) return fail(kSluicectl, kExitUsage, what.error().message());
  if (!what->port)
    return fail(kSluicectl, kExitUsage, "--protocol: connections are made over TCP, UDP or SCTP");
  auto timeout = parse_duration(options.timeout);
  if (!timeout) return fail(kSluicectl, kExitUsage, "--timeout: " + timeout.error().message());
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kObjects, {});
  if (!manifests) return kExitUsage;
  lab::ProbeOptions probe;
  probe.protocol = what->protocol;
  probe.port = *what->port;
  probe.timeout = *timeout;
  auto matrix = lab::probe(manifests->cluster, probe);
  if (!matrix) return fail(kSluicectl, kExitFailed, "lab probe: " + matrix.error().message());
  if (!print_matrices({*matrix}, options.output, nullptr))
    return fail(kSluicectl, kExitFailed, "lab probe: cannot write it");
  return manifests->sound ? kExitDone : kExitUsage;
}

}  // namespace

void add_lab(Commands& commands) {
  CLI::App* lab =
      commands.app.add_subcommand("lab", "Pods as network namespaces, and real connections between them");
  lab->require_subcommand(1);
  commands.add<UpOptions>(
      "up", "Make one network namespace a pod",
      [](CLI::App& command, UpOptions& options) {
        add_manifests_option(command, options.manifests);
        command.add_option("--topology", options.topology, "routed or bridge")
            ->check(checked_by(lab::parse_topology));
        command.add_option("--outside", options.outside, "A host that is no pod; may be given several times")
            ->type_name("NAME=IP[,IP...]")
            ->check(checked_by(lab::parse_outside));
      },
      run_up, lab);
  commands.add<DownOptions>(
      "down", "Remove exactly what up made", [](CLI::App&, DownOptions&) {}, run_down, lab);
  commands.add<ProbeOptions>(
      "probe", "Connect every pair for real",
      [](CLI::App& command, ProbeOptions& options) {
        add_matrix_options(command, options);
        command.add_option("--port", options.port, "Destination port")
            ->check(CLI::Range(1, 65535))
            ->type_name("N")
            ->always_capture_default(false)
            ->default_str("");
        command.add_option("--timeout", options.timeout, "What takes longer was stopped");
      },
      run_probe, lab);
}

}  // namespace sluice::apps::ctl
