// Agent: the Node on its event loop. It joins what the outside says (objects, namespaces, links, node
// addresses, signals, the control API, HTTP) to one thread, and the Node to the kernel.
//
// Laws: everything here runs on the thread that runs `loop`; nothing polls; what failed is tried again on the
// next news and with a growing pause (kRetryFirst to kRetryLongest). Stopping leaves enforcement in place.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <list>
#include <memory>
#include <thread>

#include "agent/control/http.h"
#include "agent/control/metrics.h"
#include "agent/control/node.h"
#include "agent/control/replies.h"
#include "agent/control/server.h"
#include "agent/endpoint/watch.h"
#include "agent/kernel/attach.h"
#include "agent/kernel/events.h"
#include "agent/kernel/maps.h"
#include "agent/source/feeder.h"

namespace sluice::control {

inline constexpr std::chrono::seconds kRetryFirst{1}, kRetryLongest{60};
inline constexpr std::chrono::seconds kStopGrace{2};

struct AgentOptions {
  std::string version, node_name, socket, netns_dir;
  std::string source;  // "manifests DIR", for people
  std::filesystem::path bpffs;
  bool strict = true, audit = false;
  kernel::AttachMode attach = kernel::AttachMode::kAuto;
};

class Agent final : public Desk {
 public:
  // Loads or takes over what is pinned, and starts to serve. An error leaves what is in force as it was.
  static base::Result<std::unique_ptr<Agent>> start(boost::asio::io_context& loop, AgentOptions options,
                                                    std::unique_ptr<source::Feeder> feeder, const Log& log);
  ~Agent() override;
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

 private:
  // What the kernel holds open for us; one after the other, each may point into those before it.
  struct Kernel {
    std::unique_ptr<kernel::Programs> programs;
    std::unique_ptr<kernel::Attacher> attacher;
    std::unique_ptr<kernel::KernelMaps> maps;
    std::unique_ptr<kernel::Events> events;
  };
  struct Waiting {
    uint64_t generation = 0;
    boost::asio::steady_timer timer;
    SyncDone done;  // empty once called
  };
  using Descriptor = boost::asio::posix::stream_descriptor;

  static base::Result<Kernel> load(const AgentOptions& options);
  Agent(boost::asio::io_context& loop, AgentOptions options, std::unique_ptr<source::Feeder> feeder,
        endpoint::EndpointWatch watch, Kernel kernel, const Log& log);

  // Calls `act` whenever `fd` is readable, while it says that it is well; after an error, kRetryFirst later.
  void follow(Descriptor& descriptor, base::Status (Agent::*act)());
  base::Status take_objects();
  base::Status take_endpoint_news();
  base::Status take_events();
  base::Status discover();
  base::Status read_node_addresses();

  void apply_soon();
  void apply();
  void retry_later();
  // Once every interface runs this version's programs, and with them its maps.
  void remove_other_layouts();
  void answer_syncs();
  void stop(const std::string& why);

  kernel::Counters counters() const;
  EndpointStats stats() const;

  boost::asio::io_context& loop_;
  const AgentOptions options_;
  const Log& log_;
  Kernel kernel_;
  std::unique_ptr<source::Feeder> feeder_;
  endpoint::EndpointWatch watch_;
  Node node_;
  AgentFacts facts_;
  Metrics metrics_;
  const std::chrono::steady_clock::time_point started_;

  Descriptor feeder_fd_, watch_fd_, events_fd_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::signal_set signals_;
  std::chrono::seconds retry_pause_ = kRetryFirst;
  bool apply_posted_ = false, stopping_ = false, other_layouts_removed_ = false;
  uint64_t generation_ = 0;  // of the last batch taken
  std::vector<std::string> watch_problems_;
  std::list<std::shared_ptr<Waiting>> waiting_;
  std::optional<Server> server_;
  std::thread stopper_;
};

}  // namespace sluice::control
