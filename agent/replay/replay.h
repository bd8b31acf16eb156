// Replay: recorded flows through a cluster's policies. Pure; any thread.
#pragma once

#include "agent/explain/answer.h"
#include "agent/replay/ends.h"

namespace sluice::replay {

// A flow and what the policies say of it; one for each pair of ends, protocol and port.
struct Judged {
  Flow flow;               // the first of them, `count` of all
  explain::Answer answer;  // of denied ones
  std::string why;         // of those that nobody can judge
};

struct Replayed {
  size_t flows = 0;  // records
  std::vector<Judged> unknown, denied;
};

// `verdict` judges (an engine), `explain` says why; both as engine::Engine and explain::Checker do.
using AskVerdict = std::function<base::Result<model::Verdict>(const model::Probe&)>;
using AskWhy = std::function<base::Result<explain::Answer>(const model::Probe&)>;
Replayed replay(const model::Cluster& cluster, const std::vector<Flow>& flows, const AskVerdict& verdict,
                const AskWhy& why);

// {"flows": N, "unknown": [F...], "denied": [F...]}, F as `observe` has it, one a line.
std::string to_json(const Replayed& replayed);
// "shop/web-1", "10.0.0.1" or both, for people.
std::string to_text(const FlowEnd& end);

}  // namespace sluice::replay
