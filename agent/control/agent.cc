#include "agent/control/agent.h"

#include <fcntl.h>

#include <boost/asio/post.hpp>
#include <csignal>

#include "agent/base/sys_admin.h"
#include "agent/base/threads.h"
#include "agent/control/announced_file.h"
#include "agent/endpoint/conntrack.h"
#include "agent/endpoint/discover.h"
#include "agent/endpoint/gate.h"
#include "agent/endpoint/node_addresses.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/flows.h"
#include "agent/node/adoption.h"
#include "agent/serve/socket_path.h"
#include "proto/rpc_threads.h"

namespace sluice::control {

using base::Error;
using base::Result;
using base::Status;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

// Mounts, CPU visits, the stop, a reading of the flow tables, a look at them for names, and one inside a namespace.
constexpr unsigned kOwnThreads = 6;

bool is_closed(const std::string& path) {
  const auto netns = endpoint::Netns::open(path);
  const auto closed = netns ? endpoint::gate_is_closed(*netns) : Result<bool>(netns.error());
  return closed && *closed;
}

Status adopt(const kernel::Programs& programs, const std::vector<node::AdoptingEndpoint>& endpoints) {
  std::set<net::Ip> senders;
  for (const auto& endpoint : endpoints)
    for (const auto& ip : {endpoint.ipv4, endpoint.ipv6})
      if (ip) senders.insert(*ip);
  auto connections = endpoint::established_tcp(senders);
  if (!connections) return connections.error();
  std::vector<kernel::OpenFlow> flows;
  for (const node::OpenFlow& open : node::adopt(*connections, endpoints))
    flows.push_back({open.flow_id, open.remote, open.local_port, open.remote_port, open.opener});
  return kernel::put_flows(programs, flows);
}

node::Hooks hooks_of(kernel::attach::Attacher& attacher) {
  return {[&attacher](uint32_t ifindex) { return attacher.attach(ifindex); },
          [&attacher](uint32_t ifindex) { return attacher.detach(ifindex); },
          [&attacher]() -> Result<std::set<uint32_t>> {
            auto attached = attacher.attached();
            if (!attached) return attached.error();
            std::set<uint32_t> interfaces;
            for (const auto& attachment : *attached) interfaces.insert(attachment.ifindex);
            return interfaces;
          },
          [&attacher](uint32_t ifindex) { return attacher.others_first(ifindex); }};
}

node::Backend backend_of(const kernel::Programs& programs, kernel::KernelMaps& maps,
                         kernel::attach::Attacher& attacher, bool close_new) {
  return {&maps,
          [&maps] { return maps.read(); },
          hooks_of(attacher),
          [&programs](const auto& endpoints) { return adopt(programs, endpoints); },
          attacher.mode() == kernel::attach::AttachMode::kClsact,
          is_closed,
          close_new};
}

node::Clock clock_of_system() {
  return {[] { return steady_clock::now(); }, [] { return std::chrono::system_clock::now(); }};
}

uint64_t flags_of(const AgentOptions& options) {
  return (options.audit ? uint64_t{SLUICE_CONFIG_AUDIT} : 0) |
         (options.strict ? 0 : uint64_t{SLUICE_CONFIG_PERMISSIVE});
}

std::vector<std::string> texts(const std::vector<source::Finding>& findings) {
  std::vector<std::string> all(findings.size());
  std::ranges::transform(findings, all.begin(), &source::Finding::to_text);
  return all;
}

}  // namespace

Result<Agent::Kernel> Agent::load(const AgentOptions& options, const base::Log& log) {
  Kernel kernel;
  kernel::LoadOptions load_options;
  load_options.pin_dir = options.bpffs;
  load_options.flows = options.flows;
  load_options.flow_share = options.flows_per_pod;
  load_options.locked = [&] { kernel.early_answers = learning::EarlyAnswers::begin(options.bpffs, log); };
  auto programs = kernel::load(load_options);
  if (!programs) return programs.error();
  kernel.programs = std::make_unique<kernel::Programs>(std::move(*programs));
  auto attacher = kernel::attach::Attacher::create(*kernel.programs, options.attach);
  if (!attacher) return attacher.error();
  kernel.attacher = std::make_unique<kernel::attach::Attacher>(std::move(*attacher));
  auto maps = kernel::KernelMaps::open(*kernel.programs);
  if (!maps) return maps.error();
  kernel.maps = std::make_unique<kernel::KernelMaps>(std::move(*maps));
  auto events = kernel::Events::open(*kernel.programs);
  if (!events) return events.error();
  kernel.events = std::make_unique<kernel::Events>(std::move(*events));
  return kernel;
}

Result<std::unique_ptr<Agent>> Agent::start(boost::asio::io_context& loop, AgentOptions options,
                                            std::unique_ptr<source::Feeder> folder, const base::Log& log) {
  // Before the maps are touched: another agent may own them.
  auto alive = serve::agent_listens(options.socket.path);
  if (!alive) return alive.error();
  if (*alive)
    return Error("socket " + options.socket.path +
                 ": another sluiced is running: stop it or give another --socket");
  auto kernel = load(options, log);
  if (!kernel) return kernel.error();
  // After the maps, which take memory that threads need too.
  if (auto room = base::check_thread_room(kOwnThreads + proto::server_threads()); !room) return room.error();
  if (options.confine) options.unconfined = options.confine();
  base::lower_sys_admin();  // from here on it is raised to enter a namespace, and for nothing else
  auto watch = endpoint::EndpointWatch::open(options.netns_dir);
  if (!watch) return watch.error();
  std::unique_ptr<Agent> agent(
      new Agent(loop, std::move(options), std::move(folder), std::move(*watch), std::move(*kernel), log));
  if (!agent->feeder_)
    if (auto opened = agent->open_feed(); !opened) return opened.error();
  if (auto opened = agent->open_descriptors(); !opened) return opened.error();
  auto names = learning::NameLoop::open(
      loop, agent->options_.names, *agent->kernel_.programs, *agent->kernel_.maps, agent->reconciler_,
      [agent = agent.get()] { agent->apply(); }, log);
  if (!names) return names.error();
  agent->names_ = std::move(*names);
  const auto turned_away = [&log](uid_t uid, pid_t pid) {
    log.warn("turned_away", {{"uid", std::to_string(uid)}, {"pid", std::to_string(pid)}});
  };
  // Calls under way are answered on this loop, so it runs on until the server has stopped.
  auto stopper = Standby::start([&loop, agent = agent.get()] {
    agent->server_->stop(kStopGrace);
    boost::asio::post(loop, [&loop] { loop.stop(); });
  });
  if (!stopper) return stopper.error();
  agent->stopper_ = std::move(*stopper);
  auto server =
      Server::start(loop, agent->options_.socket, {agent.get(), &agent->cni_, agent->feed_}, turned_away);
  if (!server) return server.error();
  agent->server_.emplace(std::move(*server));
  // Last: it changes what is enforced.
  if (auto set = agent->kernel_.maps->set_agent_flags(
          flags_of(agent->options_) | (agent->kernel_.maps->config().flags & SLUICE_CONFIG_DNS_PORTS));
      !set)
    return set.error();
  return agent;
}

// NOLINTNEXTLINE(readability-function-size): what it is made of
Agent::Agent(boost::asio::io_context& loop, AgentOptions options, std::unique_ptr<source::Feeder> folder,
             endpoint::EndpointWatch watch, Kernel kernel, const base::Log& log)
    : loop_(loop),
      options_(std::move(options)),
      log_(log),
      kernel_(std::move(kernel)),
      feeder_(std::move(folder)),
      watch_(std::move(watch)),
      reconciler_(options_.node_name,
                  backend_of(*kernel_.programs, *kernel_.maps, *kernel_.attacher, options_.close_new),
                  clock_of_system(), log),
      budgets_(options_.budget),
      culprits_(budgets_, view(), [this](auto changes) { put_policies(std::move(changes)); }),
      hours_(loop, times::clock::Alarm::open(),
             [this](std::vector<model::Change> changes) { switch_policies(std::move(changes)); }),
      host_({[this] { return watch_.drain(); }, [this] { return endpoint::discover(options_.netns_dir); },
             [] { return endpoint::node_addresses(); }},
            reconciler_),
      facts_{options_.version, options_.source, kernel::attach::to_text(kernel_.attacher->mode()),
             options_.strict,  options_.audit,  options_.unconfined},
      cni_(loop, announced_file(options_.socket.path), reconciler_, facts_, for_cni(), log),
      flow_reader_([this] { return kernel::read_flow_facts(*kernel_.programs); },
                   [] { return steady_clock::now(); }),
      flow_shares_([this](uint32_t endpoint, uint64_t flows) {
        return kernel::set_flow_share(*kernel_.programs, SLUICE_ENDPOINT_INDEX(endpoint), flows);
      }),
      observed_([this](uint32_t endpoint, uint64_t observed) {
        return kernel_.maps->set_endpoint_flags(SLUICE_ENDPOINT_INDEX(endpoint),
                                                observed != 0 ? SLUICE_ENDPOINT_OBSERVED : 0);
      }),
      observer_(for_observer(), options_.history_bytes),
      started_(steady_clock::now()),
      feeder_fd_(loop),
      watch_fd_(loop),
      events_fd_(loop),
      apply_retry_(loop),
      host_retry_(loop),
      upkeep_(loop, for_upkeep()),
      report_due_(loop),
      look_again_due_(loop),
      observer_due_(loop),
      signals_(loop, SIGTERM, SIGINT),
      syncs_(loop, [this](Generation) { return late(); }) {}

CniRequests::Agent Agent::for_cni() {
  return {[this] { return refresh_host(); }, [this] { apply(); }, [this] { apply_soon(); },
          [this] { return feed_ != nullptr ? feed_->absence() : std::string(); },
          [this](const std::set<uint32_t>& ids) -> Status {
            auto forgot = kernel::forget_flows(*kernel_.programs, ids);
            return forgot ? base::done() : Status(forgot.error());
          }};
}

Status Agent::open_feed() {
  auto feed =
      source::feed::StreamSource::open({options_.node_name, [] { return std::chrono::system_clock::now(); },
                                        [this](auto took) { metrics_.observe_change(took); }});
  if (!feed) return feed.error();
  feed_ = feed->get();
  feeder_ = std::move(*feed);
  return base::done();
}

Status Agent::open_descriptors() {
  for (const auto& [descriptor, fd] :
       {std::pair(&feeder_fd_, feeder_->fd()), std::pair(&watch_fd_, watch_.fd()),
        std::pair(&events_fd_, kernel_.events->fd())}) {
    base::Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own.valid()) return Error::from_errno(errno, "wait for news: duplicate a descriptor");
    error_code code;
    descriptor->assign(own.get(), code);
    if (code) return Error::from_errno(code.value(), "wait for news");
    own.release();
  }
  return base::done();
}

void Agent::run() {
  signals_.async_wait([this](const error_code& code, int signal) {
    if (!code) stop(signal == SIGTERM ? "SIGTERM" : "SIGINT");
  });
  refresh_host_again();
  cni_.restore_announced();
  names_->start(std::move(kernel_.early_answers));
  upkeep_.start();
  follow(watch_fd_, &Agent::refresh_host);
  follow(feeder_fd_, &Agent::drain_objects);
  follow(events_fd_, &Agent::drain_events);
  log_.info("started", {{"version", options_.version},
                        {"node", options_.node_name},
                        {"source", options_.source},
                        {"socket", options_.socket.path},
                        {"mode", options_.audit ? "audit" : "enforce"},
                        {"default_verdict", options_.strict ? "strict" : "permissive"},
                        {"new_interfaces", options_.close_new ? "closed" : "open"},
                        {"attach", facts_.attach}});
  loop_.run();
  log_.info("stopped", {{"epoch", std::to_string(view().epoch())}, {"enforcement", "stays in place"}});
}

void Agent::follow(Descriptor& descriptor, Status (Agent::*act)()) {
  descriptor.async_wait(Descriptor::wait_read, [this, &descriptor, act](const error_code& code) {
    if (code == boost::asio::error::operation_aborted || stopping_) return;
    const Status acted = code ? Status(Error::from_errno(code.value(), "wait for news")) : (this->*act)();
    if (acted) return follow(descriptor, act);
    log_.error("source_failed", {{"error", acted.error().message()}});
    auto pause = std::make_shared<boost::asio::steady_timer>(loop_, upkeep::kRetryFirst);
    pause->async_wait([this, &descriptor, act, pause](const error_code& stopped) {
      if (!stopped && !stopping_) follow(descriptor, act);
    });
  });
}

Status Agent::drain_objects() {
  auto batch = feeder_->drain();
  if (!batch) return base::done();
  generation_ = batch->generation;
  node::ObjectNews news;
  news.changes = hours_.admit(budgets_.admit(std::move(batch->changes)));
  note_changes(news.changes);
  news.complete = feeder_->synced();
  news.problems = texts(batch->problems);
  news.warnings = texts(batch->warnings);
  news.ignored_kinds = std::map<std::string, size_t>(batch->skipped.begin(), batch->skipped.end());
  reconciler_.set_objects(std::move(news));
  reconciler_.set_beyond(budgets_.problems());
  apply_soon();
  return base::done();
}

Status Agent::refresh_host() {
  Status refreshed = host_.refresh();
  const bool held = reconciler_.hold_new();
  cni_.withdraw_gone();
  apply_soon();
  if (host_.is_stale() || !held)
    host_retry_.later([this] { refresh_host_again(); });
  else
    host_retry_.done();
  report_later();
  return refreshed;
}

void Agent::refresh_host_again() {
  if (auto refreshed = refresh_host(); !refreshed)
    log_.error("source_failed", {{"error", refreshed.error().message()}});
}

// Posts one apply() for all news that come in until it runs.
void Agent::apply_soon() {
  if (apply_posted_) return;
  apply_posted_ = true;
  boost::asio::post(loop_, [this] {
    apply_posted_ = false;
    if (!stopping_) apply();
  });
}

void Agent::apply() {
  const node::Applied applied = reconciler_.apply();
  if (culprits_.search(applied)) apply_soon();
  if (applied == node::Applied::kInForce && view().last_change())
    metrics_.observe_apply(view().last_change()->took, view().last_change()->compiled);
  if (view().all_in_force() && !other_layouts_removed_) remove_other_layouts();
  if (applied != node::Applied::kFailed && view().started() && view().last_error().empty())
    feeder_->note_in_force(applied == node::Applied::kInForce ? view().last_change()->when
                                                              : std::chrono::system_clock::now());
  answer_syncs();
  cni_.answer();
  if (std::exchange(names_due_, false)) observer_.forget_names();
  if (applied != node::Applied::kFailed) names_->applied();
  settings_due_ = settings_due_ || (applied == node::Applied::kInForce && view().last_change()->endpoints);
  if (settings_due_) set_endpoint_settings();
  reconciler_.clean_up();  // a wait that nobody who was answered above has to join
  if (view().to_retry())
    apply_retry_.later([this] { apply_soon(); });
  else
    apply_retry_.done();
  at(view().look_again(), look_again_due_, [this] { apply_soon(); });
  report_later();
}

void Agent::report_later() {
  at(reconciler_.next_report(), report_due_, [this] {
    reconciler_.report();
    report_later();
  });
}

// Calls `act` at `due`. What the timer waited for before is cancelled.
void Agent::at(const Due& due, boost::asio::steady_timer& timer, std::function<void()> act) {
  if (!due) return;
  timer.expires_at(*due);
  timer.async_wait([this, act = std::move(act)](const error_code& cancelled) {
    if (!cancelled && !stopping_) act();
  });
}

void Agent::sync(steady_clock::time_point deadline, SyncDone done) {
  if (stopping_) return done(Error("the agent is stopping"));
  syncs_.add(feeder_->request_read(), deadline, std::move(done));
  host_.mark_stale();
  refresh_host_again();
}

Error Agent::late() const {
  std::string why = view().last_error();
  if (why.empty() && !view().object_problems().empty()) why = view().object_problems().front();
  if (why.empty()) why = view().why_unprotected();
  if (why.empty()) why = view().why_not_ready();
  return Error("not in force in time" + (why.empty() ? "" : ": " + why));
}

void Agent::answer_syncs() {
  if (!view().all_in_force() || !view().why_unprotected().empty()) return;
  syncs_.answer([this](Generation wanted) -> std::optional<Result<v1::SyncReply>> {
    if (wanted > generation_) return std::nullopt;
    return sync_reply(view());
  });
}

void Agent::stop(const std::string& why) {
  log_.info("stopping", {{"why", why}});
  stopping_ = true;
  apply_retry_.done();
  host_retry_.done();
  upkeep_.stop();
  syncs_.answer_all(Error("the agent is stopping"));
  cni_.stop();
  observer_.stop();
  names_->stop();
  if (feed_ != nullptr) feed_->stop();
  stopper_->go();
}

}  // namespace sluice::control
