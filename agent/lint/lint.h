// lint(): what a folder of manifests says that its author hardly meant.
//
// Laws:
//  1. Findings are about what stands in the files and what is there beside it; what the API server
//     refuses is no finding.
//  2. A finding names rule, object, field and the field's line; where the field is absent, the
//     object's.
//  3. Sorted by file, line, rule, object and field; the order of the input changes nothing.
//  4. The work grows with policies + pods and what they select, not with their product; only rules of
//     ClusterNetworkPolicies, which administrators write, are compared each with each.
//
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "agent/lint/rules.h"
#include "agent/model/cluster.h"
#include "agent/source/written.h"

namespace sluice::lint {

struct Input {
  // With workloads as pods (model::with_workloads), but its policies as they are written; `resolved` where names were
  // given.
  model::Cluster cluster;
  std::vector<source::WrittenObject> written;
  std::vector<source::Problem> not_rendered;  // those problems that are templates
};

struct Finding {
  Rule rule = Rule::kSelectsNoPod;
  std::string object;  // "NetworkPolicy shop/x"; empty where it is not known
  std::string field;   // "spec.egress[0]"; empty: the object
  std::string file;
  uint32_t line = 0;  // 1-based
  std::string message, mend;
};

struct Outcome {
  std::vector<Finding> findings;
  std::vector<source::Warning> warnings;  // of sluice.dev/lint-ignore annotations
};

Outcome lint(const Input& input);

// Of kinds of other engines and groups that the rule unknown-policy-kind is about.
bool is_unknown_policy_kind(const source::WrittenObject& object);

}  // namespace sluice::lint
