#include "agent/apps/sluiced_options.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <set>

#include "agent/base/excerpt.h"
#include "agent/kernel/attach/attach.h"
#include "agent/learn/servers.h"
#include "agent/model/objects.h"
#include "sluice/limits.h"

namespace sluice::apps {
namespace {

const char kDescription[] =
    "The per-node agent of Sluice: compiles NetworkPolicy into BPF maps and attaches programs to this node's "
    "pods.\n"
    "On SIGTERM it stops and leaves enforcement in place.";

// What CLI11 would say of a number that is out of range names no way to mend it.
CLI::Validator number_of(const char* things, uint64_t least, uint64_t most) {
  return checked_by([=](const std::string& text) -> base::Result<uint64_t> {
    uint64_t count = 0;
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, count);
    if (code == std::errc() && stop == end && count >= least && count <= most) return count;
    return base::Error(base::excerpt(text) + " is no number of " + things + ": give one from " +
                       std::to_string(least) + " to " + std::to_string(most));
  });
}

CLI::Validator connections(uint32_t least) {
  return number_of("connections", least, SLUICE_MOST_FLOWS);
}

void add_flow_options(CLI::App& app, SluicedOptions& options) {
  app.add_option(
         "--flows", options.flows,
         "IPv4 connections that are remembered, and half as many IPv6 [as many as there were, else by the "
         "node's memory]")
      ->type_name("N")
      ->check(connections(SLUICE_LEAST_FLOWS));
  app.add_option("--flows-per-pod", options.flows_per_pod,
                 "How many of them a pod is sure of where they are short, unless its annotation " +
                     std::string(model::kFlowsAnnotation) + " says [0: a tenth]")
      ->type_name("N")
      ->check(connections(0));
}

void add_name_options(CLI::App& app, SluicedOptions& options) {
  app.add_option("--dns-server", options.dns_servers,
                 "DNS server that names are learnt from: ADDRESS[:PORT] or NAMESPACE/SERVICE, repeated; "
                 "none: from nobody "
                 "[kube-system/kube-dns, and this node's own addresses where a node-local cache runs]")
      ->type_name("SERVER")
      ->expected(1, 64);
  app.add_option("--dns-grace", options.dns_grace,
                 "Seconds for which an address that was learnt for a name outlives its TTL")
      ->type_name("SECONDS")
      ->check(CLI::Range(0, 86400));
  for (const auto& [option, number, help] :
       {std::tuple("--dns-addresses", &options.name_limits.addresses,
                   "How many addresses are learnt; one that several names have counts for each"),
        {"--dns-addresses-per-name", &options.name_limits.addresses_of_name,
         "How many of them one name may have"}})
    app.add_option(option, *number, help)
        ->type_name("N")
        ->check(number_of("addresses", names::kLeastLimit, names::kMostLimit));
}

void add_budget_options(CLI::App& app, SluicedOptions& options) {
  constexpr uint64_t kLeast = 100, kMost = 10'000'000;
  for (const auto& [option, number, things, help] :
       {std::tuple("--namespace-policies", &options.budget.policies, "policies",
                   "NetworkPolicies that a namespace may have; what is beyond closes"),
        {"--namespace-entries", &options.budget.entries, "entries",
         "Rules, peers, ports and labels that they may have together; one policy half of them"},
        {"--namespace-cidrs", &options.budget.cidrs, "CIDRs",
         "CIDRs that they may have together; one policy half of them"}})
    app.add_option(option, *number, help)->type_name("N")->check(number_of(things, kLeast, kMost));
}

void add_options(CLI::App& app, SluicedOptions& options) {
  app.option_defaults()->always_capture_default();
  app.add_option("--node-name", options.node_name, "This node's name [$NODE_NAME, else the host name]");
  app.add_option("--manifests", options.manifests,
                 "Take objects from the YAML/JSON files in DIR and below [off: through the control API]")
      ->type_name("DIR");
  add_accepting_options(app, options.accepting);
  app.add_option("--socket", options.socket, "Control API")->type_name("PATH");
  app.add_option("--socket-group", options.socket_group,
                 "Group that may open the socket, besides its owner [none]")
      ->type_name("GID");
  app.add_option("--feeder-uid", options.feeder_uid,
                 "User that may feed objects through the socket, besides root, and nothing else [none]")
      ->type_name("UID");
  app.add_option("--netns-dir", options.netns_dir, "Network namespaces of this node's pods")
      ->type_name("DIR");
  app.add_option("--default-verdict", options.default_verdict, "A pod whose policies are not known yet")
      ->check(CLI::IsMember({"strict", "permissive"}));
  app.add_option("--new-interfaces", options.new_interfaces,
                 "A new veth whose pod is not known, where no CNI plugin told")
      ->check(CLI::IsMember({"open", "closed"}));
  app.add_option("--mode", options.mode, "audit: report what would be denied, let it pass")
      ->check(CLI::IsMember({"enforce", "audit"}));
  app.add_option("--bpffs", options.bpffs, "Where maps, programs and links are pinned")->type_name("DIR");
  add_flow_options(app, options);
  app.add_option("--history-bytes", options.history_bytes,
                 "Memory for the flow records of late, which sluicectl observe reads")
      ->type_name("BYTES")
      ->check(checked_by(parse_history_bytes));
  app.add_option("--log-drops", options.log_drops, "Whether denied packets have lines in the log")
      ->check(CLI::IsMember({"on", "off"}));
  add_name_options(app, options);
  add_budget_options(app, options);
  add_metrics_option(app, options, "Prometheus metrics, /healthz, /readyz");
  app.add_option("--attach", options.attach, "How programs are attached: auto, tcx or clsact")
      ->check(checked_by(kernel::attach::parse_attach_mode));
  add_daemon_options(app, options);
  app.add_flag("--detach", options.detach, "Remove every program, map and link ever installed, and exit");
  app.add_flag(
      "--hold-new", options.hold_new,
      "Close new interfaces while no agent runs, as --new-interfaces closed does; runs beside the agent");
  app.add_flag("--dry-run", options.dry_run, "Print the difference that would be applied, and exit");
  app.add_flag("--preflight", options.preflight,
               "Print what this kernel and node have and lack, and exit: 0 where an agent can run, else 1");
  app.add_option("-o,--output", options.output, "How --preflight prints it")
      ->check(CLI::IsMember({"table", "json"}));
}

// Options of one run alone.
const std::set<std::string> kNoSettings = {"detach", "dry-run", "hold-new", "preflight", "output"};

}  // namespace

base::Result<uint64_t> parse_history_bytes(const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  const std::string_view unit(stop, static_cast<size_t>(end - stop));
  const int shift = unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : 0;
  const bool is_sound =
      code == std::errc() && (unit.empty() || shift != 0) && number <= kMostHistory >> shift;
  if (is_sound && number << shift >= kLeastHistory) return number << shift;
  return base::Error(base::excerpt(text) + " is no amount of memory: give one from 64K to 4G");
}

Fallbacks fallbacks_of_host() {
  if (const char* name = std::getenv("NODE_NAME"); name != nullptr && *name != '\0') return {name};
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) return {};
  return {host};
}

std::variant<SluicedOptions, Exit> parse_sluiced(int argc, const char* const* argv,
                                                 const Fallbacks& fallbacks) {
  SluicedOptions options;
  CLI::App app(kDescription, "sluiced");
  set_up(app);
  add_options(app, options);
  if (auto exit = parse_daemon(app, argc, argv, options, kNoSettings)) return *exit;
  if (options.node_name.empty()) options.node_name = fallbacks.node_name;
  if (options.node_name.empty())
    return Exit{kExitUsage, "no node name: give --node-name NAME or set NODE_NAME"};
  if (options.detach + options.dry_run + options.preflight + options.hold_new > 1)
    return Exit{kExitUsage, "--detach, --dry-run, --hold-new and --preflight: give only one of them"};
  if (options.dry_run && options.manifests.empty())
    return Exit{kExitUsage,
                "--dry-run: give --manifests DIR: objects of the control API are known to a running agent"};
  if (options.accepting.cilium && options.manifests.empty())
    return Exit{
        kExitUsage,
        "--accept-cilium: give --manifests DIR: where sluice-watcher feeds the agent, the option is its"};
  if (options.new_interfaces == "closed" && options.default_verdict == "permissive")
    return Exit{
        kExitUsage,
        "--new-interfaces closed: give --default-verdict strict too: permissive lets pass what is not "
        "known"};
  if (options.feeder_uid && !options.socket_group)
    return Exit{kExitUsage,
                "--feeder-uid: give --socket-group GID too: it is what lets that user open the socket"};
  if (auto servers = learn::parse_servers(options.dns_servers); !servers)
    return Exit{kExitUsage, "--dns-server: " + servers.error().message()};
  for (std::string* path : {&options.manifests, &options.socket, &options.netns_dir, &options.bpffs})
    make_absolute(*path);
  return options;
}

}  // namespace sluice::apps
