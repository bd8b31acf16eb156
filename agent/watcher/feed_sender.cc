#include "agent/watcher/feed_sender.h"

#include <boost/asio/post.hpp>
#include <random>

#include "agent/source/feed/encode.h"

namespace sluice::watcher {
namespace {

std::string random_session() {
  std::random_device device;
  std::uniform_int_distribution<int> digit(0, 15);
  std::string text;
  for (int i = 0; i < 32; ++i) text += "0123456789abcdef"[digit(device)];
  return text;
}

// One half to the whole of it, so that the watchers of a cluster do not come back at once.
std::chrono::milliseconds jittered(std::chrono::milliseconds whole) {
  std::random_device device;
  return std::chrono::milliseconds(
      std::uniform_int_distribution<int64_t>(whole.count() / 2, whole.count())(device));
}

}  // namespace

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

void FeedSender::tell(v1::SourceState state) {
  std::string bytes = state.SerializeAsString();
  if (bytes == state_) return;
  state_ = std::move(bytes);
  source_state_ = std::move(state);
  if (client_.is_open()) client_.tell(source_state_);
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
