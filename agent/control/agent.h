// Agent: the Reconciler on its event loop. The Agent brings what the outside says (objects,
// namespaces, links, node addresses, signals, the control API, HTTP) to one thread, and joins the
// Reconciler to the kernel.
//
// Laws:
//  1. Everything here runs on the thread that runs `loop`. Nothing polls but Upkeep.
//  2. What failed, a reading as well as a change, is tried again on the next news and after a
//     growing pause.
//  3. Stopping leaves enforcement in place.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <memory>

#include "agent/control/cni_requests.h"
#include "agent/control/flow_reader.h"
#include "agent/control/host_state.h"
#include "agent/control/learning/name_loop.h"
#include "agent/control/metrics.h"
#include "agent/control/replies.h"
#include "agent/control/server.h"
#include "agent/control/standby.h"
#include "agent/control/upkeep/retry.h"
#include "agent/control/upkeep/upkeep.h"
#include "agent/control/waiters.h"
#include "agent/endpoint/watch.h"
#include "agent/kernel/attach/attach.h"
#include "agent/kernel/events.h"
#include "agent/kernel/maps.h"
#include "agent/model/budget.h"
#include "agent/node/culprits.h"
#include "agent/node/endpoint_settings.h"
#include "agent/node/reconciler.h"
#include "agent/serve/http.h"
#include "agent/source/feed/stream_source.h"
#include "agent/source/feeder.h"
#include "agent/stream/observer.h"
#include "agent/times/clock/hours.h"

namespace sluice::control {

inline constexpr std::chrono::seconds kStopGrace{2};

struct AgentOptions {
  std::string version, node_name, netns_dir;
  SocketAccess socket;
  std::string source;  // "manifests DIR", for people
  std::filesystem::path bpffs;
  bool strict = true, audit = false;
  kernel::attach::AttachMode attach = kernel::attach::AttachMode::kAuto;
  std::optional<uint32_t> flows;  // kernel::LoadOptions::flows
  uint32_t flows_per_pod = 0;     // kernel::LoadOptions::flow_share
  size_t history_bytes = 0;       // of flow records
  bool log_drops = true;
  bool close_new = false;  // --new-interfaces closed
  model::Budget budget = {};
  learning::NameOptions names = {};
  // Gives up what the agent needs no more, once programs are loaded and before threads are started; answers `unconfined`.
  std::function<std::vector<std::string>()> confine = {};
  std::vector<std::string> unconfined = {};  // StatusReply.unconfined
};

class Agent final : public ControlHandler {
 public:
  // Loads what is pinned, or makes it, and starts to serve. Without a `folder` objects come through the feed.
  // An error leaves what is in force as it was.
  static base::Result<std::unique_ptr<Agent>> start(boost::asio::io_context& loop, AgentOptions options,
                                                    std::unique_ptr<source::Feeder> folder,
                                                    const base::Log& log);
  ~Agent() override = default;
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Until SIGTERM or SIGINT.
  void run();
  serve::HttpAnswer answer_http(const serve::HttpRequest& request);

  void sync(std::chrono::steady_clock::time_point deadline, SyncDone done) override;
  v1::StatusReply status() override;
  v1::EndpointsReply endpoints() override;
  v1::PoliciesReply policies() override;
  v1::IdentitiesReply identities() override;
  void names(NamesDone done) override;
  v1::MapsReply maps() override;
  v1::MetricsReply metrics() override;
  std::vector<v1::SnapshotPiece> snapshot() override;
  base::Result<v1::CheckReply> check(const v1::CheckRequest& request) override;
  void observe(const v1::ObserveRequest& request, std::shared_ptr<stream::Sink> sink) override;
  base::Result<v1::Flow> event(const v1::EventRequest& request) override;

 private:
  // What the kernel holds open for us; one after the other, each may point into those before it.
  struct Kernel {
    std::unique_ptr<kernel::Programs> programs;
    std::unique_ptr<kernel::attach::Attacher> attacher;
    std::unique_ptr<kernel::KernelMaps> maps;
    std::unique_ptr<kernel::Events> events;
    std::unique_ptr<learning::EarlyAnswers> early_answers;  // until run(); nothing where no agent was before
  };
  // The number of the batch of objects that a caller of sync waits for.
  using Generation = uint64_t;
  using Descriptor = boost::asio::posix::stream_descriptor;

  static base::Result<Kernel> load(const AgentOptions& options, const base::Log& log);
  Agent(boost::asio::io_context& loop, AgentOptions options, std::unique_ptr<source::Feeder> folder,
        endpoint::EndpointWatch watch, Kernel kernel, const base::Log& log);
  CniRequests::Agent for_cni();
  const node::NodeView& view() const { return reconciler_.view(); }
  // Where there is no folder.
  base::Status open_feed();
  // Asio closes what it is given, so it gets descriptors of its own.
  base::Status open_descriptors();

  // Calls `act` whenever the descriptor is readable; after an error of `act`, not before upkeep::kRetryFirst is over.
  void follow(Descriptor& descriptor, base::Status (Agent::*act)());
  base::Status drain_objects();
  // Notes what besides the policy is to be brought up to date.
  void note_changes(const std::vector<model::Change>& changes);
  // Policies whose hours begin or end now.
  void switch_policies(std::vector<model::Change> changes);
  // What becomes of policies by their budgets.
  void put_policies(std::vector<model::Change> changes);
  // Reads the machine; what could not be read is tried again.
  base::Status refresh_host();
  void refresh_host_again();
  base::Status drain_events();
  stream::Surroundings for_observer();
  // Has the observer do what is due by then.
  void observe_later();
  upkeep::Acts for_upkeep();
  // Reports problems at the moment from which they stand.
  void report_later();
  using Due = std::optional<std::chrono::steady_clock::time_point>;
  void at(const Due& due, boost::asio::steady_timer& timer, std::function<void()> act);

  void apply_soon();
  void apply();
  // Removes maps of other layout versions. Only once every interface runs this version's programs.
  void remove_other_layouts();
  void set_endpoint_settings();
  void answer_syncs();
  base::Error late() const;
  void stop(const std::string& why);

  MetricsReading reading();
  kernel::Counters counters() const;
  EndpointStats stats() const;
  // Of a pod by its content id; empty where it is not in the maps.
  std::vector<sluice_endpoint_stats> stats_parts(uint64_t pod) const;
  EndpointFlows endpoint_flows() const;
  std::optional<FlowReading> flows(const FlowReader::Facts& tables) const;

  boost::asio::io_context& loop_;
  const AgentOptions options_;
  const base::Log& log_;
  Kernel kernel_;
  std::unique_ptr<source::Feeder> feeder_;
  source::feed::StreamSource* feed_ = nullptr;  // feeder_, where it is the feed
  endpoint::EndpointWatch watch_;
  node::Reconciler reconciler_;
  model::PolicyBudgets budgets_;  // between feeder_ and hours_
  node::Culprits culprits_;
  times::clock::Hours hours_;  // between them and reconciler_
  HostState host_;
  AgentFacts facts_;
  CniRequests cni_;
  Metrics metrics_;
  observe::NamespaceTotals namespaces_;  // for metrics
  FlowReader flow_reader_;
  node::EndpointSettings flow_shares_, observed_;
  stream::Observer observer_;
  std::unique_ptr<learning::NameLoop> names_;  // always, once started
  const std::chrono::steady_clock::time_point started_;

  Descriptor feeder_fd_, watch_fd_, events_fd_;
  upkeep::Retry apply_retry_, host_retry_;
  upkeep::Upkeep upkeep_;
  boost::asio::steady_timer report_due_, look_again_due_, observer_due_;
  boost::asio::signal_set signals_;
  bool apply_posted_ = false, stopping_ = false, other_layouts_removed_ = false;
  bool settings_due_ = true;   // a number of a pod may not be what is in the maps
  bool names_due_ = false;     // a Service or a node changed whose addresses records name
  Generation generation_ = 0;  // of the last batch drained
  Waiters<Generation, base::Result<v1::SyncReply>> syncs_;
  std::optional<Server> server_;
  std::unique_ptr<Standby> stopper_;
};

}  // namespace sluice::control
