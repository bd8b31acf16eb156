#include "agent/watcher/relayed_feed.h"

#include <random>
#include <utility>

#include "agent/watcher/session_name.h"
#include "agent/watcher/until_signal.h"

namespace sluice::watcher {

using std::chrono::milliseconds;

RelayedFeed::RelayedFeed(boost::asio::io_context& loop, Options options,
                         const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                         MakeWatcher make_watcher, const base::Log& log)
    : loop_(loop),
      options_(std::move(options)),
      make_watcher_(std::move(make_watcher)),
      log_(log),
      relay_(loop, credentials),
      agent_(loop, options_.socket),
      pause_(loop),
      agent_backoff_(kFeedPauseFirst, kFeedPauseLongest),
      relay_backoff_(options_.pause_first, options_.pause_longest),
      next_(std::random_device()() % options_.relays.size()) {}

void RelayedFeed::start() {
  log_.info("follow_relays", {{"relays", std::to_string(options_.relays.size())}, {"node", options_.node}});
  patience_ = jittered(options_.fallback_after * 2);
  open_agent();
}

void RelayedFeed::run() {
  run_until_signal(loop_, log_, [this] { start(); });
}

void RelayedFeed::pause(milliseconds longest, void (RelayedFeed::*then)()) {
  pause_.expires_after(jittered(longest));
  pause_.async_wait([this, then](boost::system::error_code code) {
    if (!code) (this->*then)();
  });
}

void RelayedFeed::open_agent() {
  ++counts_.streams;
  v1::Hello hello;
  hello.set_feeder("sluice-watcher " + options_.version);
  hello.set_source("relay");
  hello.set_session(random_session());
  agent_.open(std::move(hello), {[this](const v1::Welcome& welcome) { welcomed(welcome); },
                                 [this](const v1::Progress& progress) { progressed(progress); },
                                 [this](const base::Error& why) { agent_closed(why); }});
}

void RelayedFeed::welcomed(const v1::Welcome& welcome) {
  agent_problem_.clear();
  was_welcomed_ = true;
  is_whole_ = true;
  waits_for_room_ = in_snapshot_ = false;
  snapshot_end_ = taken_ = refused_ = 0;
  log_.info("agent_connected", {{"socket", options_.socket}, {"node", welcome.node()}});
  if (options_.node != welcome.node())
    log_.warn("agent_of_another_node", {{"expected", options_.node}, {"node", welcome.node()}});
  agent_.tell(state());
  if (following_)
    read_on();
  else
    open_relay();
}

void RelayedFeed::progressed(const v1::Progress& progress) {
  taken_ = progress.taken();
  if (snapshot_end_ != 0 && taken_ >= snapshot_end_ && !std::exchange(fed_, true)) agent_backoff_.reset();
  if (progress.refused_count() != refused_)
    for (const auto& refused : progress.refused()) log_.warn("object_refused", {{"why", refused.why()}});
  refused_ = progress.refused_count();
  if (agent_.has_room() && std::exchange(waits_for_room_, false)) relay_.more();
}

// What the relay sent goes on from where this agent was: it is asked for all of it once the agent is back.
void RelayedFeed::agent_closed(const base::Error& why) {
  if (agent_problem_ != why.message()) log_.warn("agent_away", {{"why", why.message()}});
  agent_problem_ = why.message();
  relay_.close();
  following_ = false;
  away_since_.reset();
  const bool refused = std::exchange(was_welcomed_, false) && !std::exchange(fed_, false);
  pause(agent_backoff_.next(refused ? kFeedRefusedLongest : kFeedPauseLongest), &RelayedFeed::open_agent);
}

void RelayedFeed::open_relay() {
  if (!away_since_) away_since_ = Clock::now();
  v1::FollowRequest request;
  request.set_node(options_.node);
  request.set_follower("sluice-watcher " + options_.version);
  relay_.open(options_.relays[next_], request,
              {[this](const v1::Following& following) { followed(following); },
               [this](v1::Batch batch) { take(std::move(batch)); },
               [this](v1::SourceState state) {
                 relay_state_ = std::move(state);
                 if (agent_.is_open()) agent_.tell(this->state());
               },
               [this](const base::Error& why) { relay_closed(why); }});
}

void RelayedFeed::followed(const v1::Following& following) {
  following_ = true;
  ++counts_.moves;
  relay_problem_.clear();
  relay_state_.Clear();
  log_.info(
      "relay_followed",
      {{"relay", options_.relays[next_]}, {"version", following.relay()}, {"source", following.source()}});
  if (watcher_ != nullptr) {
    log_.info("api_server_left", {{"relay", options_.relays[next_]}});
    watcher_.reset();
  }
  if (!agent_.is_open()) return open_agent();
  agent_.tell(state());
  read_on();
}

void RelayedFeed::read_on() {
  if (agent_.has_room())
    relay_.more();
  else
    waits_for_room_ = true;
}

void RelayedFeed::take(v1::Batch batch) {
  if (batch.begins_snapshot()) {
    in_snapshot_ = true;
    ++counts_.snapshots;
  }
  const bool ends = batch.ends_snapshot();
  if (ends) in_snapshot_ = false;
  is_whole_ = !in_snapshot_ && !batch.continues();
  ++counts_.batches;
  const auto sent = agent_.send(std::move(batch));
  if (!sent) {  // the stream ended under our hands
    agent_.close();
    return agent_closed(sent.error());
  }
  if (ends) {
    snapshot_end_ = *sent;
    asked_ = 0;
    away_since_.reset();
    relay_backoff_.reset();
    patience_ = jittered(options_.fallback_after * 2);
  }
  read_on();
}

void RelayedFeed::relay_closed(const base::Error& why) {
  following_ = false;
  if (relay_problem_ != why.message()) log_.warn("relay_away", {{"why", why.message()}});
  relay_problem_ = why.message();
  next_ = (next_ + 1) % options_.relays.size();
  if (!away_since_) away_since_ = Clock::now();
  if (watcher_ == nullptr && Clock::now() - *away_since_ >= patience_) fall_back();
  auto then = &RelayedFeed::open_relay;
  if (agent_.is_open() && !is_whole_) {  // another relay does not end what was begun
    agent_.close();
    then = &RelayedFeed::open_agent;
  }
  if (agent_.is_open()) agent_.tell(state());
  if (++asked_ < options_.relays.size())
    (this->*then)();
  else
    pause(relay_backoff_.next(), then);
}

void RelayedFeed::fall_back() {
  if (make_watcher_ == nullptr) return;
  ++counts_.fallbacks;
  log_.warn("api_server_followed", {{"why", relay_problem_}});
  agent_.close();
  is_whole_ = true;
  watcher_ = make_watcher_({"no relay answers, the API server is followed instead: " + relay_problem_});
  watcher_->start();
}

v1::SourceState RelayedFeed::state() const {
  v1::SourceState state = relay_state_;
  if (!relay_problem_.empty())
    *state.add_problems() = state_of({{relay_problem_}, {}, {}, {}, 0, 0}).problems(0);
  return state;
}

std::string RelayedFeed::not_ready() const {
  if (watcher_ != nullptr) return watcher_->not_ready();
  if (fed_ && agent_.is_open()) return {};
  if (!agent_problem_.empty()) return agent_problem_;
  return relay_problem_.empty() ? "the agent has not taken the snapshot yet" : relay_problem_;
}

std::vector<prometheus::MetricFamily> RelayedFeed::metrics() const {
  serve::MetricFamilies all;
  all.begin("sluice_watcher_source", "1 for what the agent is fed from; all 0 while there is none.",
            prometheus::MetricType::Gauge);
  all.add(following_ ? 1 : 0, {{"source", "relay"}});
  all.add(watcher_ != nullptr ? 1 : 0, {{"source", "api_server"}});
  all.counter("sluice_watcher_relay_moves_total", "Times a relay was followed.", counts_.moves);
  all.counter("sluice_watcher_fallbacks_total", "Times the API server was followed instead.",
              counts_.fallbacks);
  if (watcher_ != nullptr) {
    auto families = all.drain();
    for (auto& family : watcher_->metrics()) families.push_back(std::move(family));
    return families;
  }
  all.begin("sluice_watcher_build_info", "Version of the watcher; always 1.", prometheus::MetricType::Gauge);
  all.add(1, {{"version", options_.version}});
  all.gauge("sluice_watcher_ready", "1 while whoever is fed has been told everything.", not_ready().empty());
  all.gauge("sluice_watcher_agent_connected", "1 while the agent listens.", agent_.is_open());
  all.counter("sluice_watcher_streams_total", "Times the agent was called.", counts_.streams);
  all.counter("sluice_watcher_snapshots_total", "Snapshots begun.", counts_.snapshots);
  all.counter("sluice_watcher_batches_total", "Batches sent to the agent.", counts_.batches);
  all.gauge("sluice_watcher_objects_refused", "Objects that the agent refuses now.",
            static_cast<double>(refused_));
  return all.drain();
}

serve::HttpAnswer RelayedFeed::answer_http(const serve::HttpRequest& request) {
  return answer(request, not_ready(), [this] { return metrics(); });
}

}  // namespace sluice::watcher
