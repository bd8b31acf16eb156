#include "agent/watcher/watcher.h"

#include <csignal>

#include "agent/source/feed/encode.h"
#include "agent/source/feed/limits.h"

namespace sluice::watcher {
namespace {

// As long as the agent takes a line.
std::string bounded(std::string line) {
  if (line.size() <= source::feed::kFeedLongestText) return line;
  size_t end = source::feed::kFeedLongestText;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
  line.resize(end);
  return line;
}

// `all`: how many there are; of more than there is room for the last line says so.
template <typename Lines>
void add_lines(const std::vector<source::Finding>& findings, size_t all, Lines& lines) {
  const size_t room = source::feed::kFeedMostLines - static_cast<size_t>(lines.size());
  const size_t shown = all <= room ? all : room - 1;
  for (size_t i = 0; i < shown; ++i) *lines.Add() = bounded(findings[i].to_text());
  if (shown < all) *lines.Add() = "and " + std::to_string(all - shown) + " more";
}

}  // namespace

Watcher::Watcher(boost::asio::io_context& loop, const source::kube::ApiServer& server, WatcherOptions options,
                 const base::Log& log)
    : loop_(loop),
      options_(std::move(options)),
      server_(server),
      log_(log),
      mirror_(source::feed::pack,
              [this](const model::ObjectId& id, int64_t observed) { sender_.changed(id, observed); }),
      sender_(loop, {"sluice-watcher " + options_.version, server.url(), options_.socket, options_.node},
              mirror_, log),
      signals_(loop) {
  for (const source::kube::Resource& resource : source::kube::resources()) {
    source::kube::InformerOptions following = options_.following;
    following.user_agent = "sluice-watcher/" + options_.version;
    following.seed += informers_.size();
    informers_.push_back(std::make_unique<source::kube::Informer>(
        loop, server, resource, std::move(following), mirror_, [this] { note_news(); }));
  }
  reported_.resize(informers_.size());
}

Watcher::~Watcher() {
  for (const auto& informer : informers_) informer->stop();
}

void Watcher::start() {
  log_.info("watch", {{"server", server_.url()}, {"socket", options_.socket}});
  for (const auto& informer : informers_) informer->start();
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
  // A piece of any watch comes here; the state of the source changes seldom.
  bool changed = std::exchange(reported_remarks_, mirror_.remarks_version()) != mirror_.remarks_version();
  for (size_t i = 0; i < informers_.size(); ++i) changed |= note_problem(i);
  if (!complete_ && mirror_.complete()) {
    complete_ = true;
    base::LogFields fields;
    for (const model::Kind kind : model::kKinds)
      fields.emplace_back(model::to_text(kind), std::to_string(mirror_.count(kind)));
    log_.info("listed", fields);
  }
  if (changed) sender_.tell(source_state());
  sender_.wake();
}

bool Watcher::note_problem(size_t informer) {
  const auto& now = informers_[informer]->problem();
  if (now == reported_[informer]) return false;
  const std::string kind(model::to_text(informers_[informer]->kind()));
  if (now)
    log_.warn("source_problem", {{"kind", kind}, {"why", *now}});
  else
    log_.info("source_recovered", {{"kind", kind}});
  reported_[informer] = now;
  return true;
}

v1::SourceState Watcher::source_state() const {
  v1::SourceState state;
  for (const auto& informer : informers_)
    if (informer->problem()) state.add_problems(bounded(*informer->problem()));
  add_lines(mirror_.problems(source::feed::kFeedMostLines), mirror_.problem_count(),
            *state.mutable_problems());
  add_lines(mirror_.warnings(source::feed::kFeedMostLines), mirror_.warning_count(),
            *state.mutable_warnings());
  return state;
}

std::string Watcher::not_ready() const {
  for (const auto& informer : informers_)
    if (!mirror_.listed(informer->kind()))
      return std::string(model::to_text(informer->kind())) + " objects are not listed yet" +
             (informer->problem() ? ": " + *informer->problem() : "");
  if (sender_.fed()) return {};
  return sender_.problem().empty() ? "the agent has not taken the snapshot yet" : sender_.problem();
}

}  // namespace sluice::watcher
