#include "agent/relay/relay.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "agent/source/decode/decode.h"
#include "agent/source/feed/decode.h"
#include "agent/source/feed/encode.h"

namespace sluice::relay {

using model::ObjectId;

Relay::Relay(boost::asio::io_context& loop, Names names, const source::kube::Mirror& mirror,
             RelayLimits limits)
    : loop_(loop),
      names_(std::move(names)),
      mirror_(mirror),
      limits_(limits),
      views_(source::feed::pack,
             [this](const std::string& node, const ObjectId& id) {
               for (Stream* stream : by_node_.at(node)) {
                 stream->outbox.note(id, observed_);
                 news_.insert(stream);
               }
             }),
      stalls_(loop) {
  watch_for_stalls();
}

void Relay::changed(const ObjectId& id, int64_t observed) {
  observed_ = observed;
  if (auto change = change_of(id)) views_.apply(*std::move(change));
  wake();
}

// Of what cannot be read, as it is beyond a bound of the feed, agents keep what they held. A NetworkPolicy that is new they
// close, which concerns all pods of its namespace: so it has to come to them.
std::optional<model::Change> Relay::change_of(const ObjectId& id) const {
  const std::string* packed = mirror_.packed(id);
  if (packed == nullptr) return model::Change::remove(id);
  v1::Object message;
  if (message.ParseFromString(*packed))
    if (auto object = source::feed::decode(message)) return model::Change::upsert(std::move(*object));
  if (id.kind != model::Kind::kNetworkPolicy || views_.has_policy(id)) return std::nullopt;
  return model::Change::upsert(source::decode::closed_policy(id.name).policy);
}

void Relay::wake() {
  if (std::exchange(woken_, true)) return;
  boost::asio::post(loop_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    woken_ = false;
    pump();
  });
}

void Relay::tell(v1::SourceState state) {
  state_ = std::move(state);
  for (auto& [follower, stream] : streams_) {
    stream.state_due = true;
    news_.insert(&stream);
  }
  wake();
}

std::optional<Refusal> Relay::follow(const std::shared_ptr<Follower>& follower, const std::string& node) {
  const auto refuse = [&](Refusal::Kind kind, std::string why) {
    ++counts_.refused;
    return Refusal{kind, std::move(why)};
  };
  if (node.empty() || node.size() > kLongestNode)
    return refuse(Refusal::Kind::kInvalid,
                  "node: give the name of the node, at most " + std::to_string(kLongestNode) + " bytes");
  if (!mirror_.complete())
    return refuse(Refusal::Kind::kNotReady, "this relay has not listed everything yet: ask another");
  if (streams_.size() >= limits_.nodes)
    return refuse(Refusal::Kind::kTooMany, "this relay feeds " + std::to_string(limits_.nodes) +
                                               " nodes already: ask another, or run one more");
  ++counts_.followed;
  const auto [place, added] = streams_.try_emplace(
      follower.get(), Stream{follower, node, Outbox(limits_.waiting), true, false, false, false, {}});
  Stream& stream = place->second;
  by_node_[node].insert(&stream);
  views_.follow(node);
  v1::FollowReply reply;
  reply.mutable_following()->set_relay(names_.relay);
  reply.mutable_following()->set_source(names_.source);
  write(stream, std::move(reply));
  return std::nullopt;
}

void Relay::written(const Follower& follower) {
  const auto found = streams_.find(&follower);
  if (found == streams_.end()) return;
  found->second.writing = false;
  pump(found->second);
}

void Relay::end(const Follower& follower) {
  forget(follower);
  pump();
}

void Relay::forget(const Follower& follower) {
  const auto found = streams_.find(&follower);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  views_.unfollow(stream.node);
  const auto of_node = by_node_.find(stream.node);
  of_node->second.erase(&stream);
  if (of_node->second.empty()) by_node_.erase(of_node);
  give_turn_back(stream);
  std::erase(line_, &stream);
  news_.erase(&stream);
  streams_.erase(found);
}

void Relay::pump() {
  for (Stream* stream : std::exchange(news_, {})) pump(*stream);
  while (!line_.empty() && turns_ < limits_.snapshots) {
    Stream* next = line_.front();
    line_.pop_front();
    next->in_line = false;
    pump(*next);
  }
}

// True where it may go on with, or begin, a snapshot.
bool Relay::take_turn(Stream& stream) {
  if (stream.has_turn) return true;
  if (turns_ >= limits_.snapshots) {
    if (!std::exchange(stream.in_line, true)) line_.push_back(&stream);
    return false;
  }
  ++turns_;
  ++counts_.snapshots;
  stream.has_turn = true;
  return true;
}

void Relay::give_turn_back(Stream& stream) {
  if (!std::exchange(stream.has_turn, false)) return;
  --turns_;
  if (!line_.empty()) wake();
}

void Relay::pump(Stream& stream) {
  if (stream.writing) return;
  if (stream.has_turn && !stream.outbox.in_snapshot()) give_turn_back(stream);
  v1::FollowReply reply;
  if (std::exchange(stream.state_due, false)) {
    *reply.mutable_state() = state_;
    return write(stream, std::move(reply));
  }
  if (!stream.outbox.has_batch()) return;
  if (stream.outbox.snapshot_next() && !take_turn(stream)) return;
  *reply.mutable_batch() = stream.outbox.next([&] { return views_.all(stream.node); },
                                              [&](const ObjectId& id) { return show(stream.node, id); }, {});
  ++counts_.batches;
  counts_.events += static_cast<uint64_t>(reply.batch().events_size());
  write(stream, std::move(reply));
}

void Relay::write(Stream& stream, v1::FollowReply reply) {
  stream.writing = true;
  stream.since = Clock::now();
  counts_.bytes += reply.ByteSizeLong();
  stream.follower->write(std::move(reply));
}

std::shared_ptr<const std::string> Relay::show(const std::string& node, const ObjectId& id) const {
  const auto shown = views_.show(node, id);
  switch (shown.form) {
    case view::NodeViews::Form::kNone:
      return nullptr;
    case view::NodeViews::Form::kTrimmed:
      return shown.packed;
    case view::NodeViews::Form::kWhole:
      break;
  }
  const std::string* packed = mirror_.packed(id);
  return packed != nullptr ? std::make_shared<const std::string>(*packed) : nullptr;
}

size_t Relay::waiting() const {
  size_t all = 0;
  for (const auto& [follower, stream] : streams_) all += stream.outbox.waiting();
  return all;
}

void Relay::watch_for_stalls() {
  stalls_.expires_after(limits_.stalled / 4);
  stalls_.async_wait([this](boost::system::error_code code) {
    if (code) return;
    std::vector<std::shared_ptr<Follower>> stalled;
    for (const auto& [follower, stream] : streams_)
      if (stream.writing && Clock::now() - stream.since >= limits_.stalled)
        stalled.push_back(stream.follower);
    for (const auto& follower : stalled) {
      ++counts_.cut_off;
      forget(*follower);
      follower->finish({Refusal::Kind::kTooSlow, "this node took nothing for " +
                                                     std::to_string(limits_.stalled.count() / 1000) +
                                                     " s: it is to start over"});
    }
    if (!stalled.empty()) pump();
    watch_for_stalls();
  });
}

}  // namespace sluice::relay
