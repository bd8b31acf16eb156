// Agent: the Node on its event loop. It joins what the outside says (objects, namespaces, links, node
// addresses, signals, the control API, HTTP) to one thread, and the Node to the kernel.
//
// Laws: everything here runs on the thread that runs `loop`; nothing polls; what failed, a reading as well as
// a change, is tried again on the next news and with a growing pause (kRetryFirst to kRetryLongest). Stopping
// leaves enforcement in place.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <list>
#include <memory>

#include "agent/control/endpoint_desk.h"
#include "agent/control/feed_feeder.h"
#include "agent/control/http.h"
#include "agent/control/metrics.h"
#include "agent/control/node.h"
#include "agent/control/replies.h"
#include "agent/control/server.h"
#include "agent/control/standby.h"
#include "agent/control/surroundings.h"
#include "agent/endpoint/watch.h"
#include "agent/kernel/attach.h"
#include "agent/kernel/events.h"
#include "agent/kernel/maps.h"
#include "agent/source/feeder.h"

namespace sluice::control {

inline constexpr std::chrono::seconds kRetryFirst{1}, kRetryLongest{60};
inline constexpr std::chrono::seconds kStopGrace{2};

struct AgentOptions {
  std::string version, node_name, netns_dir;
  SocketAccess socket;
  std::string source;  // "manifests DIR", for people
  std::filesystem::path bpffs;
  bool strict = true, audit = false;
  kernel::AttachMode attach = kernel::AttachMode::kAuto;
};

class Agent final : public Desk, public EndpointDesk {
 public:
  // Loads or takes over what is pinned, and starts to serve. Without a `folder` objects come through the
  // feed. An error leaves what is in force as it was.
  static base::Result<std::unique_ptr<Agent>> start(boost::asio::io_context& loop, AgentOptions options,
                                                    std::unique_ptr<source::Feeder> folder, const Log& log);
  ~Agent() override = default;
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Until SIGTERM or SIGINT.
  void run();
  HttpAnswer answer_http(std::string_view path);

  void sync(std::chrono::steady_clock::time_point deadline, SyncDone done) override;
  v1::StatusReply status() override;
  v1::EndpointsReply endpoints() override;
  v1::PoliciesReply policies() override;
  v1::IdentitiesReply identities() override;
  base::Result<v1::CheckReply> check(const v1::CheckRequest& request) override;

  void add_endpoint(const v1::AddEndpointRequest& request, std::chrono::steady_clock::time_point deadline,
                    Added added) override;
  EndpointAnswer<v1::DelEndpointReply> del_endpoint(const v1::DelEndpointRequest& request) override;
  EndpointAnswer<v1::CheckEndpointReply> check_endpoint(const v1::CheckEndpointRequest& request) override;
  EndpointAnswer<v1::KeepEndpointsReply> keep_endpoints(const v1::KeepEndpointsRequest& request) override;
  v1::ReadyReply ready() override;

 private:
  // What the kernel holds open for us; one after the other, each may point into those before it.
  struct Kernel {
    std::unique_ptr<kernel::Programs> programs;
    std::unique_ptr<kernel::Attacher> attacher;
    std::unique_ptr<kernel::KernelMaps> maps;
    std::unique_ptr<kernel::Events> events;
  };
  // Another try at what failed, after a pause that grows from try to try.
  struct Retry {
    boost::asio::steady_timer timer;
    std::chrono::seconds pause = kRetryFirst;
    bool pending = false;
  };
  struct Waiting {
    uint64_t generation = 0;
    boost::asio::steady_timer timer;
    SyncDone done;  // empty once called
  };
  struct Adding {
    ToldKey key;
    bool no_wait = false;
    boost::asio::steady_timer timer;
    Added added;  // empty once called
  };
  using Descriptor = boost::asio::posix::stream_descriptor;

  static base::Result<Kernel> load(const AgentOptions& options);
  Agent(boost::asio::io_context& loop, AgentOptions options, std::unique_ptr<source::Feeder> folder,
        endpoint::EndpointWatch watch, Kernel kernel, const Log& log);
  // Where there is no folder.
  base::Status open_feed();
  // Asio closes what it is given, so it gets descriptors of its own.
  base::Status open_descriptors();

  // Calls `act` whenever `fd` is readable, while it says that it is well; after an error, kRetryFirst later.
  void follow(Descriptor& descriptor, base::Status (Agent::*act)());
  base::Status take_objects();
  // Of the machine; what they ask for and could not be read is retried.
  base::Status take_endpoint_news();
  void look_again();
  base::Status take_events();
  // Tells of problems at the moment from which they stand.
  void report_problems();
  void later(Retry& retry, std::function<void()> again);
  static void done_with(Retry& retry);

  void apply_soon();
  void apply();
  // Once every interface runs this version's programs, and with them its maps.
  void remove_other_layouts();
  void answer_syncs();

  // Told endpoints: agent_endpoints.cc.
  void recall_told();
  // Takes these back, their flows with them.
  base::Status take_back(const std::vector<ToldKey>& keys);
  // Those whose interface is gone: nobody need say so.
  void take_back_gone();
  // Writes them down, and brings them into force.
  base::Status take_told(Told told);
  void answer_adds();
  void stop_adds();
  std::string missing(const ToldEndpoint& told) const;
  bool closed(const ToldEndpoint& told) const;
  std::optional<uint32_t> flow_id_of(const ToldEndpoint& told) const;
  void forget_soon(uint32_t flow_id);
  void stop(const std::string& why);

  MetricsReading reading() const;
  kernel::Counters counters() const;
  EndpointStats stats() const;

  boost::asio::io_context& loop_;
  const AgentOptions options_;
  const Log& log_;
  Kernel kernel_;
  std::unique_ptr<source::Feeder> feeder_;
  FeedFeeder* feed_ = nullptr;  // feeder_, where it is the feed
  endpoint::EndpointWatch watch_;
  Node node_;
  Surroundings surroundings_;
  AgentFacts facts_;
  Metrics metrics_;
  const std::chrono::steady_clock::time_point started_;

  Descriptor feeder_fd_, watch_fd_, events_fd_;
  Retry apply_retry_, look_retry_;
  boost::asio::steady_timer problems_due_;
  boost::asio::signal_set signals_;
  bool apply_posted_ = false, stopping_ = false, other_layouts_removed_ = false;
  uint64_t generation_ = 0;  // of the last batch taken
  std::list<std::shared_ptr<Waiting>> waiting_;
  std::list<std::shared_ptr<Adding>> adding_;
  std::set<uint32_t> forgotten_;  // endpoints whose flows are to be dropped
  std::optional<Server> server_;
  std::unique_ptr<Standby> stopper_;
};

}  // namespace sluice::control
