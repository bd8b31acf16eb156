// Observer: from what the programs report to what operators read: it gives each event its names and policies, keeps
// the history, and serves those who read along.
//
// Laws:
//  1. A reader has a place in the history and at most kBatch records under way. So a slow one costs what a fast one
//     does, and misses what the history has pushed out when it comes back.
//  2. A turn looks at no more than kTurn records for a reader; then others have theirs.
//  3. Allowed connections are asked for as long as a reader that asked for them is there, and no longer than it said.
//
// It has no clock and no thread of its own: everything on the agent's.
#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <set>

#include "agent/observe/address_names.h"
#include "agent/observe/bursts.h"
#include "agent/observe/drop_lines.h"
#include "agent/observe/history.h"
#include "agent/observe/last_hour.h"
#include "agent/stream/policy_asks.h"
#include "agent/stream/sink.h"
#include "agent/stream/why.h"

namespace sluice::stream {

// What an Observer knows of its agent.
struct Surroundings {
  std::string node;
  const node::NodeView& view;
  std::function<std::string(const net::Ip& address)> pod_of;  // "namespace/pod", or ""
  // Of a pod by sluice_event.pod, its statistics part by part; empty where it is gone.
  std::function<std::vector<sluice_endpoint_stats>(uint64_t pod)> stats;
  std::function<int64_t()> wall, monotonic;          // nanoseconds: since 1970, and of CLOCK_MONOTONIC
  std::function<void()> asks_changed;                // asks_for() may answer otherwise
  std::function<void(std::function<void()>)> later;  // calls it in a turn of its own
  std::function<void(const observe::LogLine&)> log;  // a line of the log for what was denied, or allowed
  bool log_drops = true;  // a line for what is denied, where no policy says otherwise
};

class Observer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr size_t kBatch = 64, kTurn = 2048, kMostReaders = 32, kMostBursts = 4096;
  static constexpr std::chrono::seconds kLongestAllowed{3600};

  Observer(Surroundings surroundings, size_t history_bytes);
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  void accept(const sluice_event& event);
  // Services or nodes changed.
  void forget_names() { names_are_old_ = true; }
  // Are the pod's new allowed connections asked for, by a reader or a policy?
  bool asks_for(const model::Pod& pod) const;
  // Does what is due; call it at next().
  void tick();
  std::optional<Time> next() const;

  void observe(const v1::ObserveRequest& request, std::shared_ptr<Sink> sink);
  // An error: there is no such record, any more.
  base::Result<v1::Flow> event(const std::string& id) const;
  // How many records of the last hour an audit let pass, those not reported for the rate among them.
  uint64_t audited_in_last_hour() const { return audited_.count(surroundings_.monotonic()); }
  const std::map<model::ObjectName, PolicyAsks::Counts>& policy_counts() { return policy_asks_.counts(); }
  // Ends every stream. Nobody is served from then on.
  void stop();

 private:
  struct Stream {
    std::shared_ptr<Sink> sink;
    observe::Filter filter;
    observe::Cursor cursor;
    bool follow = false;
    bool waits = false;                    // it has had all there is
    std::optional<int64_t> allowed_until;  // monotonic
  };
  using StreamId = uint64_t;
  struct Burst {
    observe::FlowRecord record;
    int64_t due = 0;  // monotonic
  };

  flow::Names names() const;
  void add(observe::FlowRecord record);
  void pump(StreamId id);
  void pump_soon(StreamId id);
  void drop(StreamId id);
  void end_asks();
  void settle_bursts();
  observe::LabelsOf labels_of() const;
  Time now() const { return Time(std::chrono::nanoseconds(surroundings_.monotonic())); }

  const Surroundings surroundings_;
  observe::History history_;
  observe::Bursts bursts_;
  observe::DropLines drop_lines_;
  observe::AddressNames address_names_;
  Why why_;
  PolicyAsks policy_asks_;
  observe::LastHour audited_;
  bool names_are_old_ = true, stopping_ = false;
  std::map<observe::EventSource, Burst> open_bursts_;  // whose last report was the last of its second
  std::map<StreamId, Stream> streams_;
  StreamId last_stream_ = 0;
};

}  // namespace sluice::stream
