#include "agent/watcher/watcher.h"

#include "agent/source/feed/encode.h"
#include "agent/source/feed/limits.h"
#include "agent/watcher/feed_sender.h"
#include "agent/watcher/until_signal.h"

namespace sluice::watcher {
Watcher::Watcher(boost::asio::io_context& loop, const source::kube::ApiServer& server, WatcherOptions options,
                 const base::Log& log)
    : loop_(loop),
      options_(std::move(options)),
      server_(server),
      log_(log),
      mirror_(
          source::feed::pack,
          [this](const model::ObjectId& id, int64_t observed) { audience_->changed(id, observed); },
          options_.translator == nullptr
              ? source::kube::Mirror::Heard()
              : [this](model::Change change,
                       int64_t observed) { translation_->hear(std::move(change), observed); }),
      audience_(options_.audience != nullptr ? options_.audience(mirror_) : feed_sender()) {
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

std::unique_ptr<Audience> Watcher::feed_sender() {
  return std::make_unique<FeedSender>(loop_,
                                      FeedSender::Options{"sluice-watcher " + options_.version, server_.url(),
                                                          options_.socket, options_.node},
                                      mirror_, log_);
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
  if (!options_.notes.empty()) audience_->tell(source_news());
  for (const auto& informer : informers_) informer->start();
}

void Watcher::run() {
  run_until_signal(loop_, log_, [this] { start(); });
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
  if (changed) audience_->tell(source_news());
  audience_->wake();
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

SourceNews Watcher::source_news() const {
  SourceNews news;
  news.notes = options_.notes;
  for (const auto& informer : informers_)
    if (informer->problem()) news.away.push_back(*informer->problem());
  if (translation_) news.problems = translation_->problems(), news.warnings = translation_->warnings();
  news.all_problems = news.problems.size() + mirror_.problem_count();
  news.all_warnings = news.warnings.size() + mirror_.warning_count();
  const auto append = [](std::vector<source::Finding>& to, const std::vector<source::Finding>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  append(news.problems, mirror_.problems(source::feed::kFeedMostLines));
  append(news.warnings, mirror_.warnings(source::feed::kFeedMostLines));
  return news;
}

std::string Watcher::not_ready() const {
  for (const auto& informer : informers_)
    if (!informer->held().listed())
      return informer->kind() + " objects are not listed yet" +
             (informer->problem() ? ": " + *informer->problem() : "");
  return audience_->not_ready();
}

}  // namespace sluice::watcher
