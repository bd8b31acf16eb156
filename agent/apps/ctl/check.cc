// sluicectl check: may one talk to the other, why, and what would change it. From files, or by an agent.
#include <cstdio>

#include "agent/apps/ctl/asking.h"
#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/apps/terminal.h"
#include "agent/base/visible_json.h"
#include "agent/explain/wire/check_reply.h"
#include "agent/model/workloads.h"

namespace sluice::apps::ctl {
namespace {

using base::Result;

struct CheckOptions {
  Asking asking;
  std::vector<std::string> manifests;
  std::string output = "text", from, to, protocol = "TCP", family, port, event;
  bool fix = false, trace = false;
  Reading reading;
};

// A port exactly where the protocol has ports.
base::Status check_port(const CheckOptions& options) {
  const bool named = !options.port.empty() && !is_port_number(options.port);
  const int port = options.port.empty() ? 0 : named ? 1 : std::stoi(options.port);
  if (auto what = protocol_and_port(options.protocol, port); !what) return what.error();
  return base::done();
}

// Why it is neither an end nor, as destinations may be, the name of a domain, each address of which is one question
// (semantics 88).
std::string destination_fault(const std::string& text) {
  const auto party = model::parse_party(text);
  return party || !model::domain_named(text).empty() ? "" : party.error().message();
}

Result<model::Probe> probe_of(const CheckOptions& options, const model::Cluster& cluster) {
  model::Probe probe{*model::parse_party(options.from), net::Ip(), {}, net::kTcp, {}};
  if (auto to = model::parse_party(options.to)) probe.to = *std::move(to);
  for (const auto family : {net::Family::kIpv4, net::Family::kIpv6})
    if (options.family == net::to_text(family)) probe.family = family;
  probe.protocol = *model::parse_probe_protocol(options.protocol);
  const auto port = port_of(cluster, probe.to, probe.protocol, options.port);
  if (!port) return port.error().within("--port");
  probe.port = *port;
  return probe;
}

// `deciding`: of several addresses the answer that is the verdict.
template <typename OneOrSeveral>
int print_answer(const OneOrSeveral& answer, const explain::Answer& deciding, const CheckOptions& options) {
  const std::string text = options.fix                ? explain::fixes_yaml(deciding)
                           : options.output == "json" ? base::visible_json(explain::to_json(answer))
                           : options.output == "yaml" ? explain::to_yaml(answer)
                                                      : explain::to_text(answer, use_colour());
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0) return fail(kSluicectl, kExitFailed, "cannot write to standard output");
  const bool denied = deciding.verdict() == model::Verdict::kDeny;
  if (options.fix && denied && text.empty())
    fail(kSluicectl, kExitDone, "check: no NetworkPolicy that selects by labels can allow just this");
  return denied ? kExitDenied : kExitDone;
}

int print_answer(const explain::Answer& answer, const CheckOptions& options) {
  return print_answer(answer, answer, options);
}

int check_name(const std::string& name, const model::Cluster& cluster, const model::Probe& probe,
               const CheckOptions& options, const explain::PolicyNames& away) {
  const auto answer = explain::Checker(cluster, options.trace).check(name, probe, away);
  if (!answer) return fail(kSluicectl, kExitUsage, "check: --to " + answer.error().message());
  return print_answer(*answer, answer->deciding(), options);
}

int check_manifests(const CheckOptions& options) {
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo, options.reading);
  if (!manifests) return kExitUsage;
  auto probe = probe_of(options, manifests->cluster);
  if (!probe) return fail(kSluicectl, kExitUsage, "check: " + probe.error().message());
  explain::PolicyNames away;
  for (const model::ObjectId& id : manifests->outside.ids)
    if (id.kind == model::Kind::kNetworkPolicy) away.insert(id.name);
  if (const std::string name = model::domain_named(options.to); !name.empty()) {
    const int printed = check_name(name, manifests->cluster, *probe, options, away);
    return manifests->sound ? printed : kExitUsage;
  }
  if (const auto* name = std::get_if<model::ObjectName>(&probe->to);
      name != nullptr && probe->from == probe->to)
    if (auto other = model::another_replica(manifests->cluster, *name)) probe->to = *std::move(other);
  const auto answer = explain::check(manifests->cluster, *probe, options.trace, away);
  if (!answer) return fail(kSluicectl, kExitUsage, "check: " + answer.error().message());
  const int printed = print_answer(*answer, options);
  return manifests->sound ? printed : kExitUsage;
}

// The connection that a record of `observe` is about, asked of the policies as they are now.
int check_event(const CheckOptions& options) {
  control::Client client = options.asking.client();
  const auto found = client.event(options.event);
  if (!found && client.failure() == control::CallFailure::kRefused)
    return fail(kSluicectl, kExitUsage, "check: --event: " + found.error().message());
  if (!found) return fail(kSluicectl, kExitFailed, found.error().message());
  auto request = question_of(*found);
  if (!request)
    return fail(kSluicectl, kExitUsage,
                "check: --event: " + options.event + " is of no readable IP packet: nothing to ask");
  request->set_trace(options.trace);
  const auto reply = client.check(*request);
  if (!reply) return fail(kSluicectl, kExitFailed, "check: " + reply.error().message());
  return print_answer(explain::wire::answer_of(*reply), options);
}

int check_agent(const CheckOptions& options) {
  v1::CheckRequest request;
  request.set_from(options.from);
  request.set_to(options.to);
  request.set_protocol(options.protocol);
  request.set_family(options.family);
  request.set_trace(options.trace);
  set_port(request, options.port);
  control::Client client = options.asking.client();
  const auto reply = client.check(request);
  if (!reply && client.failure() == control::CallFailure::kRefused)
    return fail(kSluicectl, kExitUsage, "check: " + reply.error().message());
  if (!reply) return fail(kSluicectl, kExitFailed, reply.error().message());
  if (reply->addresses_size() == 0) return print_answer(explain::wire::answer_of(*reply), options);
  const explain::NameAnswer answer = explain::wire::name_answer_of(*reply);
  return print_answer(answer, answer.deciding(), options);
}

int run_check(const CheckOptions& options) {
  if (!options.event.empty()) return check_event(options);
  for (const auto& [name, value] : {std::pair("--from", &options.from), {"--to", &options.to}})
    if (value->empty()) return fail(kSluicectl, kExitUsage, std::string(name) + ": is missing (see --help)");
  if (auto port = check_port(options); !port) return fail(kSluicectl, kExitUsage, port.error().message());
  return options.manifests.empty() ? check_agent(options) : check_manifests(options);
}

}  // namespace

void add_check(Commands& commands) {
  commands.add<CheckOptions>(
      "check", "May one talk to the other, and why? From files or by an agent. Exit 0: allowed, 3: denied",
      [](CLI::App& command, CheckOptions& options) {
        add_manifests_option(command, options.manifests, /*required=*/false);
        add_held_option(command, options.reading.held);
        add_reading_options(command, options.reading);
        add_asking_options(command, options.asking);
        const char* ends =
            "NAMESPACE/POD, NAMESPACE/KIND/NAME of a workload or service, node/NAME, or an address";
        command.add_option("--from", options.from, ends)->check(checked_by(model::parse_party));
        command
            .add_option("--to", options.to,
                        std::string(ends) + "; or the name of a domain, which is all of its addresses")
            ->check(CLI::Validator(destination_fault, ""));
        command
            .add_option("--port", options.port,
                        "Destination port, or its name; none for protocols without ports")
            ->type_name("N|NAME")
            ->check(CLI::Validator(port_fault, ""))
            ->always_capture_default(false)
            ->default_str("");
        add_protocol_option(command, options.protocol);
        command.add_option("--family", options.family, "Of addresses that are of both")
            ->check(CLI::IsMember({"IPv4", "IPv6"}));
        command
            .add_option("--event", options.event,
                        "In place of --from and --to: the id of a record of observe")
            ->type_name("ID")
            ->excludes("--from")
            ->excludes("--to")
            ->excludes("--port")
            ->excludes("--manifests");
        for (const char* option : {"--at", "--names", "--accept-cilium"})
          command.get_option(option)->needs("--manifests");
        command.add_flag("--fix", options.fix,
                         "Print only the policies that would allow it, for kubectl apply -f -");
        command.add_flag("--trace", options.trace,
                         "The way through the tables as well: rule set, identity, port set");
        add_output_option(command, options.output, {"text", "json", "yaml"});
      },
      run_check);
}

}  // namespace sluice::apps::ctl
