// Audience: who is told what a Mirror holds, by the Watcher that fills it: the agent (feed_sender.h), or nodes
// (relay_audience.h).
//
// On the thread of the io_context.
#pragma once

#include <string>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/serve/metric_families.h"
#include "agent/source/finding.h"
#include "sluice/v1/feed.pb.h"

namespace sluice::watcher {

// How it stands with the source, for people.
struct SourceNews {
  std::vector<std::string> away;   // what of the source cannot be followed
  std::vector<std::string> notes;  // what else is to be known of it
  // Of objects: the first of them, and how many there are.
  std::vector<source::Finding> problems, warnings;
  size_t all_problems = 0, all_warnings = 0;
};

// As long, and as many lines, as an agent takes.
v1::SourceState state_of(const SourceNews& news);

class Audience {
 public:
  virtual ~Audience() = default;

  // The Watcher calls changed() on every change of the Mirror, and wake() on news that may have made it complete.
  virtual void changed(const model::ObjectId& id, int64_t observed) = 0;
  virtual void wake() = 0;
  virtual void tell(const SourceNews& news) = 0;

  // Why it is not told everything, one line; empty where it is.
  virtual std::string not_ready() const = 0;
  virtual void add_metrics(serve::MetricFamilies& all) const = 0;
};

}  // namespace sluice::watcher
