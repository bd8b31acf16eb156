#include "agent/control/watcher.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <csignal>

#include "agent/control/feed_encode.h"
#include "agent/control/feed_limits.h"

namespace sluice::control {
namespace {

// Maps in the order of their keys: equal objects give equal bytes.
std::string pack(const model::Object& object) {
  const v1::Object message = encode(object);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

// As long as the agent takes a line.
std::string bounded(std::string line) {
  if (line.size() <= kFeedLongestText) return line;
  size_t end = kFeedLongestText;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
  line.resize(end);
  return line;
}

// `all`: how many there are; of more than there is room for the last line says so.
template <typename Lines>
void add_lines(const std::vector<source::Finding>& findings, size_t all, Lines& lines) {
  const size_t room = kFeedMostLines - static_cast<size_t>(lines.size());
  const size_t told = all <= room ? all : room - 1;
  for (size_t i = 0; i < told; ++i) *lines.Add() = bounded(findings[i].to_text());
  if (told < all) *lines.Add() = "and " + std::to_string(all - told) + " more";
}

}  // namespace

Watcher::Watcher(boost::asio::io_context& loop, const kube::ApiServer& server, WatcherOptions options,
                 const Log& log)
    : loop_(loop),
      options_(std::move(options)),
      server_(server),
      log_(log),
      mirror_(pack, [this](const model::ObjectId& id, int64_t observed) { feeding_.changed(id, observed); }),
      feeding_(loop, {"sluice-watcher " + options_.version, server.url(), options_.socket, options_.node},
               mirror_, log),
      signals_(loop) {
  for (const kube::Resource& resource : kube::resources()) {
    kube::FollowerOptions following = options_.following;
    following.user_agent = "sluice-watcher/" + options_.version;
    following.seed += followers_.size();
    followers_.push_back(std::make_unique<kube::Follower>(loop, server, resource, std::move(following),
                                                          mirror_, [this] { note_news(); }));
  }
  told_.resize(followers_.size());
}

Watcher::~Watcher() {
  for (const auto& follower : followers_) follower->stop();
}

void Watcher::start() {
  log_.info("watch", {{"server", server_.url()}, {"socket", options_.socket}});
  for (const auto& follower : followers_) follower->start();
}

void Watcher::run() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](boost::system::error_code code, int) {
    if (code) return;
    log_.info("stop");
    loop_.stop();
  });
  start();
  loop_.run();
}

void Watcher::note_news() {
  // A piece of any watch comes here; what there is to tell changes seldom.
  bool changed = std::exchange(told_remarks_, mirror_.remarks_version()) != mirror_.remarks_version();
  for (size_t i = 0; i < followers_.size(); ++i) changed |= note_problem(i);
  if (!complete_ && mirror_.complete()) {
    complete_ = true;
    LogFields fields;
    for (const model::Kind kind : model::kKinds)
      fields.emplace_back(model::to_text(kind), std::to_string(mirror_.count(kind)));
    log_.info("listed", fields);
  }
  if (changed) feeding_.tell(source_state());
  feeding_.wake();
}

bool Watcher::note_problem(size_t follower) {
  const auto& now = followers_[follower]->problem();
  if (now == told_[follower]) return false;
  const std::string kind(model::to_text(followers_[follower]->kind()));
  if (now)
    log_.warn("source_problem", {{"kind", kind}, {"why", *now}});
  else
    log_.info("source_recovered", {{"kind", kind}});
  told_[follower] = now;
  return true;
}

v1::SourceState Watcher::source_state() const {
  v1::SourceState state;
  for (const auto& follower : followers_)
    if (follower->problem()) state.add_problems(bounded(*follower->problem()));
  add_lines(mirror_.problems(kFeedMostLines), mirror_.problem_count(), *state.mutable_problems());
  add_lines(mirror_.warnings(kFeedMostLines), mirror_.warning_count(), *state.mutable_warnings());
  return state;
}

std::string Watcher::not_ready() const {
  for (const auto& follower : followers_)
    if (!mirror_.listed(follower->kind()))
      return std::string(model::to_text(follower->kind())) + " objects are not listed yet" +
             (follower->problem() ? ": " + *follower->problem() : "");
  if (feeding_.fed()) return {};
  return feeding_.problem().empty() ? "the agent has not taken the snapshot yet" : feeding_.problem();
}

}  // namespace sluice::control
