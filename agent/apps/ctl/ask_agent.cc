// sluicectl with an agent: sync, status, endpoints, policies, identities, maps.
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "agent/apps/ctl/asking.h"
#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/status_text.h"
#include "agent/apps/terminal.h"
#include "agent/base/visible_json.h"
#include "agent/control/server.h"

namespace sluice::apps::ctl {
namespace {

struct AgentOptions {
  Asking asking;
  std::string output = "table";
};
void add_agent_options(CLI::App& command, AgentOptions& options) {
  add_asking_options(command, options.asking);
  add_output_option(command, options.output, {"table", "json"});
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? kExitDone
                                  : fail(kSluicectl, kExitFailed, "cannot write to standard output");
}

int print_json(const google::protobuf::Message& reply) {
  const auto text = json_text(reply);
  return text ? print(*text) : fail(kSluicectl, kExitFailed, text.error().message());
}

// The agent's reply as a table by `render`, or as JSON.
template <typename Reply, typename Render>
int show(const base::Result<Reply>& reply, const std::string& output, Render render) {
  if (!reply) return fail(kSluicectl, kExitFailed, reply.error().message());
  return output == "json" ? print_json(*reply) : print(render(*reply));
}

int run_status(const AgentOptions& options) {
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return show(options.asking.client().status(), options.output, [&](const v1::StatusReply& reply) {
    return status_text(reply, std::chrono::duration_cast<milliseconds>(now).count(), use_colour());
  });
}

int run_endpoints(const AgentOptions& options) {
  return show(options.asking.client().endpoints(), options.output,
              [](const v1::EndpointsReply& reply) { return endpoints_text(reply, use_colour()); });
}

int run_policies(const AgentOptions& options) {
  return show(options.asking.client().policies(), options.output,
              [](const v1::PoliciesReply& reply) { return policies_text(reply, use_colour()); });
}

int run_identities(const AgentOptions& options) {
  return show(options.asking.client().identities(), options.output,
              [](const v1::IdentitiesReply& reply) { return identities_text(reply, use_colour()); });
}

struct NamesOptions {
  AgentOptions agent;
  std::string pod;
};
void add_names_options(CLI::App& command, NamesOptions& options) {
  add_agent_options(command, options.agent);
  command.add_option("--pod", options.pod, "Only names that rules of this pod name [all]")
      ->type_name("NAMESPACE/POD");
}

int run_names(const NamesOptions& options) {
  auto reply = options.agent.asking.client().names();
  if (reply && !options.pod.empty()) {
    v1::NamesReply of_pod = *reply;
    of_pod.clear_names();
    for (const v1::LearntName& name : reply->names())
      if (std::ranges::find(name.pods(), options.pod) != name.pods().end()) *of_pod.add_names() = name;
    reply = std::move(of_pod);
  }
  return show(reply, options.agent.output,
              [](const v1::NamesReply& all) { return names_text(all, use_colour()); });
}

int run_maps(const AgentOptions& options) {
  return show(options.asking.client().maps(), options.output,
              [](const v1::MapsReply& reply) { return maps_text(reply, use_colour()); });
}

int run_sync(const Asking& asking) {
  control::Client client = asking.client();
  auto synced = client.sync(asking.patience());
  if (!synced) return fail(kSluicectl, kExitFailed, "sync: " + synced.error().message());
  auto status = client.status();
  if (!status) return fail(kSluicectl, kExitFailed, "sync: what is warned of: " + status.error().message());
  for (const auto& warning : status->warnings()) fail(kSluicectl, kExitDone, "warning: " + warning);
  if (synced->refused() > 0)
    return fail(kSluicectl, kExitFailed,
                "sync: all but what is refused is in force: " + std::to_string(synced->refused()) +
                    " refused, the first: " + synced->first_refused());
  return kExitDone;
}

}  // namespace

base::Result<std::string> json_text(const google::protobuf::Message& reply) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(reply, &text, options).ok())
    return base::Error("the agent's answer cannot be printed as JSON");
  return base::visible_json(std::move(text));
}

void add_agent_commands(Commands& commands) {
  commands.add<AgentOptions>("status", "The agent at one glance", add_agent_options, run_status);
  commands.add<AgentOptions>("endpoints", "The pods of this node", add_agent_options, run_endpoints);
  commands.add<AgentOptions>("policies", "The policies that the agent knows", add_agent_options,
                             run_policies);
  commands.add<AgentOptions>("identities", "The classes of addresses that policies tell apart",
                             add_agent_options, run_identities);
  commands.add<NamesOptions>("names", "What DNS answers taught: names, addresses, time left",
                             add_names_options, run_names);
  commands.add<AgentOptions>("maps", "The BPF maps: entries in use, how many fit, memory", add_agent_options,
                             run_maps);
  commands.add<Asking>("sync", "Wait until everything that the source holds now is in force",
                       add_asking_options, run_sync);
}

}  // namespace sluice::apps::ctl
