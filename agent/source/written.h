// What a manifest says of an object beside its value in the model: where its fields stand and how they are spelled. For
// those who explain files to people (agent/lint); an agent reads none of it. Values; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/source/finding.h"

namespace sluice::source {

// On an object: findings that are not to be said of it, "RULE: reason", one a line or separated by commas.
inline constexpr char kLintIgnoreAnnotation[] = "sluice.dev/lint-ignore";

// A prefix whose host bits were cleared as it was read.
struct HostBits {
  std::string field;  // "spec.ingress[0].from[1].ipBlock.cidr", "spec.egress[0].to[1].networks[0]"
  std::string written, read;
};

struct WrittenObject {
  std::string api_version, kind;  // also of kinds that are passed over with a remark
  model::ObjectName name;         // of a workload {"shop", "web"}
  Place place;
  std::string lint_ignore;  // the annotation's text
  // Of a NetworkPolicy or ClusterNetworkPolicy, by its path: the line of each field of `spec` that is there ("spec.ingress[0].from").
  std::map<std::string, uint32_t> lines;
  std::vector<HostBits> host_bits;
};

}  // namespace sluice::source
