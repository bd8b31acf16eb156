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
      mirror_(
          source::feed::pack,
          [this](const model::ObjectId& id, int64_t observed) { sender_.changed(id, observed); },
          options_.translator == nullptr
              ? source::kube::Mirror::Heard()
              : [this](model::Change change,
                       int64_t observed) { translation_->hear(std::move(change), observed); }),
      sender_(loop, {"sluice-watcher " + options_.version, server.url(), options_.socket, options_.node},
              mirror_, log),
      signals_(loop) {
  for (const model::Kind kind : model::kKinds) {
    sinks_.push_back(std::make_unique<source::kube::MirrorSink>(kind, server.url(), mirror_));
    follow(source::kube::resources().at(static_cast<size_t>(kind)), *sinks_.back());
  }
  if (options_.translator != nullptr) {
    for (const auto& resource : options_.translator->resources())
      foreign_.push_back(source::kube::resource_of(resource));
    translation_.emplace(std::move(options_.translator), server.url(), mirror_);
    for (size_t i = 0; i < foreign_.size(); ++i) follow(foreign_[i], *translation_->sinks()[i]);
  }
  reported_.resize(informers_.size());
}

void Watcher::follow(const source::kube::Resource& resource, source::kube::Sink& sink) {
  source::kube::InformerOptions following = options_.following;
  following.user_agent = "sluice-watcher/" + options_.version;
  following.seed += informers_.size();
  informers_.push_back(std::make_unique<source::kube::Informer>(
      loop_, server_, resource, std::move(following), sink, [this] { note_news(); }));
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
  const bool translated = translation_ && translation_->apply();
  if (translated) log_findings();
  bool changed = translated;
  changed |= std::exchange(reported_remarks_, mirror_.remarks_version()) != mirror_.remarks_version();
  for (size_t i = 0; i < informers_.size(); ++i) changed |= note_problem(i);
  if (!complete_ && mirror_.complete()) {
    complete_ = true;
    base::LogFields fields;
    for (const auto& informer : informers_)
      fields.emplace_back(informer->kind(), std::to_string(informer->held().count()));
    log_.info("listed", fields);
  }
  if (changed) sender_.tell(source_state());
  sender_.wake();
}

// What is new of them.
void Watcher::log_findings() {
  std::set<std::string> now;
  const auto log = [&](const std::vector<source::Finding>& findings, const char* event) {
    for (const source::Finding& finding : findings) {
      const auto [line, is_new] = now.insert(finding.to_text());
      if (is_new && !translated_.contains(*line)) log_.warn(event, {{"why", *line}});
    }
  };
  log(translation_->problems(), "policy_closed");
  log(translation_->warnings(), "policy_allows_less");
  translated_ = std::move(now);
}

bool Watcher::note_problem(size_t informer) {
  const auto& now = informers_[informer]->problem();
  if (now == reported_[informer]) return false;
  const std::string& kind = informers_[informer]->kind();
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
  std::vector<source::Finding> problems, warnings;
  if (translation_) problems = translation_->problems(), warnings = translation_->warnings();
  const size_t all_problems = problems.size() + mirror_.problem_count(),
               all_warnings = warnings.size() + mirror_.warning_count();
  const auto append = [](std::vector<source::Finding>& to, const std::vector<source::Finding>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  append(problems, mirror_.problems(source::feed::kFeedMostLines));
  append(warnings, mirror_.warnings(source::feed::kFeedMostLines));
  add_lines(problems, all_problems, *state.mutable_problems());
  add_lines(warnings, all_warnings, *state.mutable_warnings());
  return state;
}

std::string Watcher::not_ready() const {
  for (const auto& informer : informers_)
    if (!informer->held().listed())
      return informer->kind() + " objects are not listed yet" +
             (informer->problem() ? ": " + *informer->problem() : "");
  if (sender_.fed()) return {};
  return sender_.problem().empty() ? "the agent has not taken the snapshot yet" : sender_.problem();
}

}  // namespace sluice::watcher
