#include "agent/source/feed/session.h"

#include <iterator>

#include "agent/source/decode/decode.h"
#include "agent/source/feed/decode.h"

namespace sluice::source::feed {
namespace {

using Breach = FeedBreach::Kind;

FeedBreach breach(Breach kind, uint64_t sequence, const std::string& what) {
  return {kind, "batch " + std::to_string(sequence) + ": " + what};
}

base::Result<FedEvent> read_event(const v1::Event& event) {
  FedEvent fed;
  fed.observed = event.observed();
  if (event.has_removed()) {
    auto id = id_as_written(event.removed());
    if (!id) return id.error();
    fed.id = *id;
    fed.what.emplace<model::ObjectId>(std::move(*id));
    return fed;
  }
  auto id = id_as_written(event.upsert());
  if (!id) return id.error();
  fed.id = std::move(*id);
  if (auto object = decode(event.upsert()); object)
    fed.what.emplace<model::Object>(std::move(*object));
  else
    fed.what.emplace<std::string>(object.error().message());
  return fed;
}

// Takes a refusal; answers what to hold to where nothing was held: of a NetworkPolicy something that isolates
// (semantics 40). A ClusterNetworkPolicy that cannot be read here has no reach that is known (semantics 65).
std::optional<model::Change> refuse(FedEvent event, bool held,
                                    std::map<model::ObjectId, std::string>& refused) {
  std::string& why = refused[event.id];
  why = std::move(std::get<std::string>(event.what));
  if (held || event.id.kind != model::Kind::kNetworkPolicy) return std::nullopt;
  source::decode::ClosedPolicy closed = source::decode::closed_policy(event.id.name);
  why += "; " + closed.in_force;
  return model::Change::upsert(std::move(closed.policy));
}

bool is_removal(const FedEvent& event) {
  return std::holds_alternative<model::ObjectId>(event.what);
}

}  // namespace

std::variant<FedBatch, FeedBreach> read_batch(const v1::Batch& batch) {
  FedBatch fed{batch.sequence(), batch.begins_snapshot(), batch.ends_snapshot(), {}, batch.continues()};
  fed.events.reserve(static_cast<size_t>(batch.events_size()));
  for (const v1::Event& event : batch.events()) {
    auto read = read_event(event);
    if (!read)
      return breach(Breach::kInvalid, fed.sequence,
                    "event " + std::to_string(fed.events.size()) + ": " + read.error().message());
    fed.events.push_back(std::move(*read));
  }
  return fed;
}

bool FeedSession::begin(const std::string& session, uint64_t resume_after) {
  const bool resumed = caught_up() && session == session_ && resume_after == taken_ && resume_after != 0;
  snapshot_.reset();
  pending_.clear();
  if (resumed) return true;
  session_ = session;
  taken_ = counted_ = 0;
  due_ = true;
  return false;
}

std::optional<FeedBreach> FeedSession::fault_of(const FedBatch& batch) const {
  const auto no_sense = [&batch](const std::string& what) {
    return breach(Breach::kInvalid, batch.sequence, what);
  };
  if (batch.sequence != taken_ + 1)
    return no_sense("is out of order: " + std::to_string(taken_ + 1) + " is next");
  if (batch.begins_snapshot && snapshot_)
    return no_sense("begins a snapshot while one is under way: end it first");
  if (due_ && !batch.begins_snapshot && !snapshot_)
    return no_sense("must begin a snapshot: nothing was resumed");
  const bool snapshot = batch.begins_snapshot || snapshot_;
  if (batch.begins_snapshot && !pending_.empty())
    return no_sense("begins a snapshot within a change: end it first");
  if (batch.continues && snapshot) return no_sense("continues in a snapshot, which ends by itself");
  if (batch.continues && batch.events.empty()) return no_sense("continues and says nothing: leave it out");
  if (batch.ends_snapshot && !snapshot) return no_sense("ends a snapshot that nothing began");
  if (snapshot)
    for (const FedEvent& event : batch.events)
      if (is_removal(event))
        return no_sense("removes " + to_line(event.id) + " in a snapshot: leave it out instead");
  const bool within = batch.continues || !pending_.empty();
  if (adds_too_much(batch) || (within && pending_.size() + batch.events.size() > most_objects_))
    return breach(Breach::kTooMuch, batch.sequence,
                  "more than " + std::to_string(most_objects_) + " objects: the agent takes no more");
  return std::nullopt;
}

// An object that is held and refused in its newest version counts twice; what adds none is never too much.
bool FeedSession::adds_too_much(const FedBatch& batch) const {
  std::set<model::ObjectId> added;
  const auto counted = [&](const model::ObjectId& id) {
    if (snapshot_ || batch.begins_snapshot) return snapshot_ && snapshot_->ids.contains(id);
    return held_.contains(id) || refused_.contains(id);
  };
  for (const FedEvent& event : batch.events)
    if (!is_removal(event) && !counted(event.id)) added.insert(event.id);
  const size_t held = snapshot_               ? snapshot_->ids.size()
                      : batch.begins_snapshot ? 0
                                              : held_.size() + refused_.size();
  return !added.empty() && held + added.size() > most_objects_;
}

std::optional<FeedBreach> FeedSession::accept(FedBatch batch) {
  if (auto fault = fault_of(batch)) return fault;
  if (batch.begins_snapshot) snapshot_.emplace();
  due_ = false;
  events_ += batch.events.size();
  for (FedEvent& event : batch.events)
    snapshot_ ? add_to_snapshot(std::move(event)) : pending_.push_back(std::move(event));
  if (batch.ends_snapshot) end_snapshot();
  if (!batch.continues)
    for (FedEvent& event : std::exchange(pending_, {})) accept_event(std::move(event));
  taken_ = batch.sequence;
  if (!snapshot_ && pending_.empty()) counted_ = taken_;
  return std::nullopt;
}

void FeedSession::add_to_snapshot(FedEvent event) {
  const bool held = !snapshot_->ids.insert(event.id).second || held_.contains(event.id);
  if (std::holds_alternative<std::string>(event.what)) {
    if (auto closed = refuse(std::move(event), held, snapshot_->refused))
      snapshot_->changes.push_back(std::move(*closed));
    return;
  }
  snapshot_->refused.erase(event.id);
  snapshot_->changes.push_back(model::Change::upsert(std::move(std::get<model::Object>(event.what))));
}

void FeedSession::accept_event(FedEvent event) {
  if (std::holds_alternative<std::string>(event.what)) {
    const bool held = held_.contains(event.id);  // not among the arguments: they may be made in any order
    if (auto closed = refuse(std::move(event), held, refused_)) {
      held_.insert(closed->id());
      changes_.push_back(std::move(*closed));
    }
    return;
  }
  refused_.erase(event.id);
  if (event.observed > 0) observed_.push_back(event.observed);
  if (is_removal(event)) {
    if (held_.erase(event.id) > 0) changes_.push_back(model::Change::remove(event.id));
    return;
  }
  held_.insert(event.id);
  changes_.push_back(model::Change::upsert(std::move(std::get<model::Object>(event.what))));
}

// What the snapshot does not name is gone; what it names and is refused stays as it last was.
void FeedSession::end_snapshot() {
  for (auto held = held_.begin(); held != held_.end();) {
    if (snapshot_->ids.contains(*held)) {
      ++held;
      continue;
    }
    changes_.push_back(model::Change::remove(*held));
    held = held_.erase(held);
  }
  for (const auto& change : snapshot_->changes) held_.insert(change.id());
  changes_.insert(changes_.end(), std::make_move_iterator(snapshot_->changes.begin()),
                  std::make_move_iterator(snapshot_->changes.end()));
  refused_ = std::move(snapshot_->refused);
  snapshot_.reset();
  ++snapshots_;
}

FeedSession::News FeedSession::drain_news() {
  return {std::exchange(changes_, {}), std::exchange(observed_, {}), counted_};
}

}  // namespace sluice::source::feed
