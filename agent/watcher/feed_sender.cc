#include "agent/watcher/feed_sender.h"

#include <boost/asio/post.hpp>

#include "agent/source/feed/encode.h"
#include "agent/watcher/session_name.h"

namespace sluice::watcher {

FeedSender::FeedSender(boost::asio::io_context& loop, Options options, const source::kube::Mirror& mirror,
                       const base::Log& log)
    : loop_(loop),
      options_(std::move(options)),
      mirror_(mirror),
      log_(log),
      queue_(mirror),
      client_(loop, options_.socket),
      pause_(loop) {}

void FeedSender::changed(const model::ObjectId& id, int64_t observed) {
  queue_.changed(id, observed);
  wake();
}

void FeedSender::wake() {
  if (std::exchange(woken_, true)) return;
  boost::asio::post(loop_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    woken_ = false;
    if (!begun_ && mirror_.complete()) {
      begun_ = true;
      open();
    }
    pump();
  });
}

void FeedSender::tell(const SourceNews& news) {
  v1::SourceState state = state_of(news);
  std::string bytes = state.SerializeAsString();
  if (bytes == state_) return;
  state_ = std::move(bytes);
  source_state_ = std::move(state);
  if (client_.is_open()) client_.tell(source_state_);
}

std::string FeedSender::not_ready() const {
  if (fed()) return {};
  return problem_.empty() ? "the agent has not taken the snapshot yet" : problem_;
}

void FeedSender::add_metrics(serve::MetricFamilies& all) const {
  const uint64_t sent = next_ - 1;
  all.gauge("sluice_watcher_agent_connected", "1 while the agent listens.", client_.is_open());
  all.counter("sluice_watcher_streams_total", "Times the agent was called.", counts_.streams);
  all.counter("sluice_watcher_snapshots_total", "Snapshots begun.", counts_.snapshots);
  all.counter("sluice_watcher_batches_total", "Batches sent to the agent.", counts_.batches);
  all.counter("sluice_watcher_sent_events_total", "Objects and removals sent to the agent.", counts_.events);
  all.gauge("sluice_watcher_changes_waiting", "Objects whose change is not sent yet.",
            static_cast<double>(queue_.waiting()));
  all.gauge("sluice_watcher_objects_refused", "Objects that the agent refuses now.",
            static_cast<double>(refused_));
  all.gauge("sluice_watcher_batches_not_in_force", "Batches sent whose content is not in force yet.",
            static_cast<double>(sent - std::min(sent, in_force_)));
}

void FeedSender::open() {
  v1::Hello hello;
  hello.set_feeder(options_.feeder);
  hello.set_source(options_.source);
  if (session_.empty() || !queue_.can_resume()) session_ = random_session();
  hello.set_session(session_);
  hello.set_resume_after(queue_.can_resume() ? queue_.taken() : 0);
  ++counts_.streams;
  welcomed_.reset();
  fed_ = false;
  client_.open(std::move(hello), {[this](const v1::Welcome& welcome) { welcomed(welcome); },
                                  [this](const v1::Progress& progress) { progressed(progress); },
                                  [this](const base::Error& why) { closed(why); }});
}

void FeedSender::welcomed(const v1::Welcome& welcome) {
  welcomed_ = Clock::now();
  problem_.clear();
  refused_ = in_force_ = 0;
  fed_ = welcome.resumed();
  // Half: room for what a message takes beside its events.
  limits_.bytes = std::min<size_t>(source::kube::ChunkLimits().bytes, welcome.largest_message() / 2);
  if (welcome.resumed()) {
    next_ = queue_.taken() + 1;
    queue_.resume();
  } else {
    next_ = 1;
    queue_.start_over();
    ++counts_.snapshots;
  }
  log_.info("agent_connected", {{"socket", options_.socket},
                                {"node", welcome.node()},
                                {"resumed", welcome.resumed() ? "true" : "false"}});
  if (!options_.node.empty() && options_.node != welcome.node())
    log_.warn("agent_of_another_node", {{"expected", options_.node}, {"node", welcome.node()}});
  client_.tell(source_state_);
  pump();
}

void FeedSender::progressed(const v1::Progress& progress) {
  queue_.acknowledge(progress.taken());
  fed_ |= queue_.can_resume();
  in_force_ = progress.in_force();
  if (progress.refused_count() != refused_)
    for (const auto& refused : progress.refused()) log_.warn("object_refused", {{"why", refused.why()}});
  refused_ = progress.refused_count();
  pump();
}

void FeedSender::closed(const base::Error& why) {
  if (fed_ && Clock::now() - *welcomed_ >= kFeedSteady) backoff_.reset();
  if (problem_ != why.message()) log_.warn("agent_away", {{"why", why.message()}});
  problem_ = why.message();
  const bool refused = welcomed_ && !fed_;
  pause_.expires_after(jittered(backoff_.next(refused ? kFeedRefusedLongest : kFeedPauseLongest)));
  pause_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code code) {
    if (!code && !alive.expired()) open();
  });
}

void FeedSender::pump() {
  while (client_.has_room() && queue_.has_chunk()) send(queue_.drain(next_, limits_));
}

void FeedSender::send(const source::kube::Chunk& chunk) {
  v1::Batch batch;
  batch.set_begins_snapshot(chunk.begins_snapshot);
  batch.set_ends_snapshot(chunk.ends_snapshot);
  for (const auto& item : chunk.items) {
    v1::Event& event = *batch.add_events();
    event.set_observed(item.observed);
    if (item.packed == nullptr)
      *event.mutable_removed() = source::feed::encode(item.id);
    else
      event.mutable_upsert()->ParseFromString(*item.packed);
  }
  ++counts_.batches;
  counts_.events += chunk.items.size();
  ++next_;
  if (auto sent = client_.send(std::move(batch)); !sent) {
    // The stream ended under our hands: closed() follows, and the next stream sends it again.
    log_.warn("batch_not_sent", {{"why", sent.error().message()}});
    client_.close();
    closed(sent.error());
  }
}

}  // namespace sluice::watcher
