// Call: what a container runtime asks for, from the environment that it starts the plugin with.
//
// Laws:
//  1. A Call is whole: what its command needs is there and well formed.
//  2. CNI_ARGS is "KEY=VALUE;…". Keys that are not ours are an error unless IgnoreUnknown is
//     true, as in the reference plugins.
//
// Values; any thread. Source: CNI SPEC.md, "Execution Protocol"; CNI CONVENTIONS.md, "CNI_ARGS".
#pragma once

#include <functional>
#include <string>

#include "agent/base/result.h"

namespace sluice::cni {

// A variable's value, or nullptr: as std::getenv.
using Environment = std::function<const char*(const char* name)>;

enum class Command { kAdd, kDel, kCheck, kGc, kStatus, kVersion };

// Whose interface it is. `ns` and `name` are empty where a runtime that knows no Kubernetes calls.
struct PodIdentity {
  std::string ns, name, uid;
  bool operator==(const PodIdentity&) const = default;
};

struct Call {
  Command command = Command::kVersion;
  std::string container_id, ifname;
  std::string netns;  // a path; DEL: may be empty
  PodIdentity pod;
};

base::Result<Command> read_command(const Environment& environment);
// VERSION, STATUS and GC need nothing more; DEL needs a container and an interface, ADD and CHECK a namespace
// too.
base::Result<Call> read_call(Command command, const Environment& environment);

base::Result<PodIdentity> parse_arguments(std::string_view cni_args);

}  // namespace sluice::cni
