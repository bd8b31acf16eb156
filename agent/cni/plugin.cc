#include "agent/cni/plugin.h"

#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "agent/cni/agent_client.h"
#include "agent/cni/config.h"
#include "agent/cni/host_interface.h"
#include "agent/cni/network_call.h"
#include "agent/cni/result.h"
#include "agent/cni/spec.h"
#include "agent/endpoint/gate.h"
#include "agent/endpoint/netns.h"

namespace sluice::cni {
namespace {

using base::Result;
using Outcome = std::optional<Failure>;  // of a step; none where it is done

constexpr char kInput[] = "network configuration on standard input: ";

// What a call of ADD or CHECK works on.
struct Job {
  Call call;
  Config config;
  Deadline deadline;
};

std::string pod_text(const Call& call) {
  if (call.pod.name.empty()) return "container " + call.container_id;
  return "pod " + call.pod.ns + "/" + call.pod.name;
}

std::variant<Config, Failure> configuration(const Result<std::string>& input) {
  if (!input) return Failure{Code::kIo, kInput + input.error().message(), ""};
  const auto object = decode_object(*input);
  if (!object) return Failure{Code::kUndecodable, kInput + object.error().message(), ""};
  const auto version = version_of(*object);
  if (!version) return Failure{Code::kIncompatibleVersion, kInput + version.error().message(), ""};
  auto config = read_config(*object, *version);
  if (!config) return Failure{Code::kInvalidConfig, kInput + config.error().message(), ""};
  return std::move(*config);
}

// The version that an error object names: the caller's own, where it can be made out.
std::string version_named(const Result<std::string>& input) {
  std::string named(to_text(kNewest));
  if (!input) return named;
  const auto object = decode_object(*input);
  if (!object) return named;
  const auto text = text_at(*object, "cniVersion", "");
  return text && !text->empty() ? *text : named;
}

// CNI_NETNS must not be the node's own namespace, in which this process runs: a gate in it would stop the whole node. A
// namespace that cannot be opened is no error here; the step that needs it will say so.
Outcome check_netns(const Call& call) {
  const auto named = endpoint::Netns::open(call.netns);
  if (!named) return std::nullopt;
  const auto own = endpoint::Netns::current();
  if (!own) return Failure{Code::kIo, "this node's network namespace", own.error().message()};
  if (named->id() != own->id()) return std::nullopt;
  return Failure{
      Code::kInvalidEnvironment,
      "CNI_NETNS " + call.netns + ": is this node's own network namespace: must be the path of the pod's",
      ""};
}

// An error where the command came with a later version of the specification than the configuration's.
Outcome check_command(const std::string& command, Version since, Version version) {
  if (version >= since) return std::nullopt;
  return Failure{Code::kIncompatibleVersion,
                 command + ": cniVersion " + std::string(to_text(version)) + " has no " + command +
                     ": it came with " + std::string(to_text(since)),
                 ""};
}

// What ADD and CHECK ask of a configuration.
Outcome check_previous(const Job& job) {
  if (job.call.command == Command::kCheck)
    if (auto wrong = check_command("CHECK", Version::k040, job.config.version)) return wrong;
  if (!job.config.prev_result)
    return Failure{Code::kInvalidConfig,
                   "prevResult: is missing: sluice-cni goes after a plugin that makes the interface", ""};
  const auto version = result_version(*job.config.prev_result, job.config.version);
  if (!version) return Failure{Code::kIncompatibleVersion, version.error().message(), ""};
  return std::nullopt;
}

Outcome failed(const AgentReply& reply, const Call& call) {
  const std::string pod = pod_text(call);
  switch (reply.answer) {
    case Answer::kYes:
      return std::nullopt;
    case Answer::kNotInForce:
    case Answer::kUnreachable:
      return Failure{Code::kTryAgain, pod + ": its network policy is not in force", reply.line};
    case Answer::kUnknown:
      return Failure{Code::kUnknownContainer, pod + ": nobody announced it to the agent", reply.line};
    case Answer::kRefused:
      break;
  }
  return Failure{Code::kRefused, pod + ": the agent did not take it", reply.line};
}

Outcome add(const Job& job) {
  const Call& call = job.call;
  if (call.pod.ns.empty() || call.pod.name.empty())
    return Failure{
        Code::kInvalidEnvironment,
        "CNI_ARGS: K8S_POD_NAMESPACE and K8S_POD_NAME are missing: network policies are about pods", ""};
  const auto attachment = read_result(*job.config.prev_result, call.ifname);
  if (!attachment) return Failure{Code::kInvalidConfig, attachment.error().message(), ""};
  const auto interface = host_interface({call.netns, call.ifname, attachment->host_interfaces});
  if (!interface)
    return Failure{Code::kNoHostInterface, pod_text(call) + ": its interface on this node was not found",
                   interface.error().message()};
  v1::AddEndpointRequest request;
  request.set_container_id(call.container_id);
  request.set_interface_name(call.ifname);
  request.set_namespace_(call.pod.ns);
  request.set_pod(call.pod.name);
  request.set_uid(call.pod.uid);
  request.set_netns(call.netns);
  request.set_host_interface(*interface);
  request.set_network(job.config.network);
  for (const net::Ip& ip : attachment->addresses) request.add_addresses(ip.to_text());
  return failed(AgentClient(job.config.socket).add(request, job.deadline), call);
}

Outcome check(const Job& job) {
  v1::CheckEndpointRequest request;
  request.set_container_id(job.call.container_id);
  request.set_interface_name(job.call.ifname);
  return failed(AgentClient(job.config.socket).check(request, job.deadline), job.call);
}

Outcome move_gate(const Call& call, base::Status (*move)(const endpoint::Netns&)) {
  auto netns = endpoint::Netns::open(call.netns);
  const auto moved = netns ? move(*netns) : base::Status(netns.error());
  if (moved) return std::nullopt;
  return Failure{Code::kGate, pod_text(call) + ": the gate of its network namespace",
                 moved.error().message()};
}

Output failure(const Failure& failure, const std::string& version) {
  return {1, to_json(failure, version), {}};
}

Output answer_add(const Job& job, Output output) {
  const auto result = in_version(*job.config.prev_result, job.config.version);
  output.answer = boost::json::serialize(result) + "\n";
  return output;
}

std::string reported(const Failure& wrong) {
  return wrong.message + (wrong.details.empty() ? "" : ": " + wrong.details);
}

// ADD and CHECK of the first plugin: there is no interface yet that could be announced.
Output run_gate(const Job& job, const std::string& version) {
  Output output;
  if (job.call.command == Command::kCheck) return output;
  if (const Outcome wrong = move_gate(job.call, endpoint::close_gate)) {
    if (job.config.on_failure == OnFailure::kStrict) return failure(*wrong, version);
    output.report.push_back(reported(*wrong) + ": let go, since onFailure is permissive");
  }
  if (job.config.prev_result) return answer_add(job, std::move(output));
  output.answer = boost::json::serialize(boost::json::object{{"cniVersion", version}}) + "\n";
  return output;
}

// ADD and CHECK. A fault of the configuration always fails the call; for later faults the configuration's onFailure
// decides.
Output run_attached(Call call, const Result<std::string>& input) {
  const auto started = std::chrono::system_clock::now();
  const std::string version = version_named(input);
  auto configured = configuration(input);
  if (const auto* wrong = std::get_if<Failure>(&configured)) return failure(*wrong, version);
  Config& config = std::get<Config>(configured);
  const auto deadline = started + config.timeout;
  const Job job{std::move(call), std::move(config), deadline};
  const bool is_add = job.call.command == Command::kAdd;
  if (is_add)
    if (const auto wrong = check_netns(job.call)) return failure(*wrong, version);
  if (job.config.gate == Gate::kClose) return run_gate(job, version);
  if (const auto wrong = check_previous(job)) return failure(*wrong, version);
  Output output;
  if (const Outcome wrong = is_add ? add(job) : check(job)) {
    if (job.config.on_failure == OnFailure::kStrict) return failure(*wrong, version);
    output.report.push_back(reported(*wrong) + ": let go, since onFailure is permissive");
  }
  if (is_add && job.config.gate == Gate::kOpen)
    if (const Outcome wrong = move_gate(job.call, endpoint::open_gate)) return failure(*wrong, version);
  return is_add ? answer_add(job, std::move(output)) : output;
}

Output run_del(const Environment& environment, const Result<std::string>& input) {
  Output output;
  const auto call = read_call(Command::kDel, environment);
  if (!call) {
    output.report.push_back("DEL: " + call.error().message());
    return output;
  }
  Config config;  // with what can be read of it
  auto configured = configuration(input);
  if (const auto* wrong = std::get_if<Failure>(&configured))
    output.report.push_back("DEL: " + wrong->message);
  else
    config = std::move(std::get<Config>(configured));
  if (config.gate == Gate::kClose) {
    // The namespace may outlive the pod's interface: it is left without a gate, as it was before ADD.
    if (!call->netns.empty() && ::access(call->netns.c_str(), F_OK) == 0)
      if (const Outcome wrong = move_gate(*call, endpoint::open_gate))
        output.report.push_back("DEL: " + reported(*wrong));
    return output;
  }
  v1::DelEndpointRequest request;
  request.set_container_id(call->container_id);
  request.set_interface_name(call->ifname);
  const auto deadline = std::chrono::system_clock::now() + config.timeout;
  const AgentReply reply = AgentClient(config.socket).del(request, deadline);
  if (reply.answer != Answer::kYes)
    output.report.push_back("DEL: container " + call->container_id + ": " + reply.line);
  return output;
}

// STATUS and GC.
Output run_of_network(Command command, const Result<std::string>& input) {
  const auto started = std::chrono::system_clock::now();
  const std::string version = version_named(input);
  auto configured = configuration(input);
  if (const auto* wrong = std::get_if<Failure>(&configured)) return failure(*wrong, version);
  const Config& config = std::get<Config>(configured);
  const char* name = command == Command::kGc ? "GC" : "STATUS";
  if (const auto wrong = check_command(name, Version::k110, config.version)) return failure(*wrong, version);
  const auto deadline = started + config.timeout;
  return command == Command::kGc ? run_gc(config, deadline) : run_status(config, deadline);
}

}  // namespace

Output run(const Environment& environment, const Result<std::string>& input) {
  const auto command = read_command(environment);
  if (!command)
    return failure({Code::kInvalidEnvironment, command.error().message(), ""}, version_named(input));
  switch (*command) {
    case Command::kVersion:
      return {0, version_json(version_named(input)), {}};
    case Command::kDel:
      return run_del(environment, input);
    case Command::kGc:
    case Command::kStatus:
      return run_of_network(*command, input);
    case Command::kAdd:
    case Command::kCheck:
      break;
  }
  auto call = read_call(*command, environment);
  if (!call) return failure({Code::kInvalidEnvironment, call.error().message(), ""}, version_named(input));
  return run_attached(std::move(*call), input);
}

}  // namespace sluice::cni
