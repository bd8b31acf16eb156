#include "agent/control/feeding.h"

#include <boost/asio/post.hpp>
#include <random>

#include "agent/control/feed_encode.h"

namespace sluice::control {
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

Feeding::Feeding(boost::asio::io_context& loop, Options options, const kube::Mirror& mirror, const Log& log)
    : loop_(loop),
      options_(std::move(options)),
      mirror_(mirror),
      log_(log),
      outbox_(mirror),
      client_(loop, options_.socket),
      pause_(loop) {}

void Feeding::changed(const model::ObjectId& id, int64_t observed) {
  outbox_.changed(id, observed);
  wake();
}

void Feeding::wake() {
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

void Feeding::tell(v1::SourceState state) {
  std::string bytes = state.SerializeAsString();
  if (bytes == state_) return;
  state_ = std::move(bytes);
  source_state_ = std::move(state);
  if (client_.is_open()) client_.tell(source_state_);
}

void Feeding::open() {
  v1::Hello hello;
  hello.set_feeder(options_.feeder);
  hello.set_source(options_.source);
  if (session_.empty() || !outbox_.can_resume()) session_ = random_session();
  hello.set_session(session_);
  hello.set_resume_after(outbox_.can_resume() ? outbox_.taken() : 0);
  ++counts_.streams;
  welcomed_.reset();
  fed_ = false;
  client_.open(std::move(hello), {[this](const v1::Welcome& welcome) { welcomed(welcome); },
                                  [this](const v1::Progress& progress) { progressed(progress); },
                                  [this](const base::Error& why) { closed(why); }});
}

void Feeding::welcomed(const v1::Welcome& welcome) {
  welcomed_ = Clock::now();
  problem_.clear();
  refused_ = in_force_ = 0;
  fed_ = welcome.resumed();
  // Half: room for what a message takes beside its events.
  limits_.bytes = std::min<size_t>(kube::ParcelLimits().bytes, welcome.largest_message() / 2);
  if (welcome.resumed()) {
    next_ = outbox_.taken() + 1;
    outbox_.resume();
  } else {
    next_ = 1;
    outbox_.start_over();
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

void Feeding::progressed(const v1::Progress& progress) {
  outbox_.acknowledge(progress.taken());
  fed_ |= outbox_.can_resume();
  in_force_ = progress.in_force();
  if (progress.refused_count() != refused_)
    for (const auto& refused : progress.refused()) log_.warn("object_refused", {{"why", refused.why()}});
  refused_ = progress.refused_count();
  pump();
}

void Feeding::closed(const base::Error& why) {
  if (fed_ && Clock::now() - *welcomed_ >= kFeedSteady) next_pause_ = kFeedPauseFirst;
  if (problem_ != why.message()) log_.warn("agent_away", {{"why", why.message()}});
  problem_ = why.message();
  pause_.expires_after(jittered(next_pause_));
  const bool refused = welcomed_ && !fed_;
  next_pause_ = std::min(next_pause_ * 2, refused ? kFeedRefusedLongest : kFeedPauseLongest);
  pause_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code code) {
    if (!code && !alive.expired()) open();
  });
}

void Feeding::pump() {
  while (client_.has_room() && outbox_.has_parcel()) send(outbox_.take(next_, limits_));
}

void Feeding::send(const kube::Parcel& parcel) {
  v1::Batch batch;
  batch.set_begins_snapshot(parcel.begins_snapshot);
  batch.set_ends_snapshot(parcel.ends_snapshot);
  for (const auto& item : parcel.items) {
    v1::Event& event = *batch.add_events();
    event.set_observed(item.observed);
    if (item.packed == nullptr)
      *event.mutable_removed() = encode(item.id);
    else
      event.mutable_upsert()->ParseFromString(*item.packed);
  }
  ++counts_.batches;
  counts_.events += parcel.items.size();
  ++next_;
  if (auto sent = client_.send(std::move(batch)); !sent) {
    // The stream ended under our hands: closed() follows, and the next stream tells it again.
    log_.warn("batch_not_sent", {{"why", sent.error().message()}});
    client_.close();
    closed(sent.error());
  }
}

}  // namespace sluice::control
