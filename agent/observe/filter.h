// Filter: which records a reader wants. What is empty asks for nothing; of a list one must hold; all together must.
// Values; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/observe/party.h"

namespace sluice::observe {

// The labels of a pod as they are now; nullptr where it is not known.
using LabelsOf = std::function<const model::Labels*(const model::ObjectName& pod)>;

struct Filter {
  std::vector<std::string> namespaces = {};  // of either end
  std::vector<Party> either = {}, from = {}, to = {};
  std::vector<net::Port> ports = {};  // the destination's
  std::vector<net::Protocol> protocols = {};
  std::vector<model::Direction> directions = {};
  std::vector<Verdict> verdicts = {};
  std::vector<std::string> policies =
      {};  // "namespace/name": has the rule that allows it, or isolates the pod
  std::vector<model::Requirement> labels = {};  // all, of one end
  int64_t since = 0;                            // nanoseconds since 1970

  bool matches(const FlowRecord& record, const LabelsOf& labels_of) const;
};

// "app=web", "app!=web", "app", "!app", comma separated: all must hold.
base::Result<std::vector<model::Requirement>> parse_labels(const std::string& text);

}  // namespace sluice::observe
