#include "agent/source/feed/stream_source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "agent/base/excerpt.h"
#include "agent/source/feed/decode.h"
#include "agent/source/feed/encode.h"
#include "agent/source/feed/limits.h"

namespace sluice::source::feed {

using base::Error;
using base::Result;

namespace {

std::string utc(std::chrono::system_clock::time_point when) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  char text[32] = {};
  ::gmtime_r(&seconds, &parts);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

source::Finding line_of(std::string text) {
  return {{}, std::nullopt, "", std::move(text)};
}

std::optional<FeedBreach> too_long(const std::string& field, const std::string& text, size_t most) {
  if (text.size() <= most) return std::nullopt;
  return FeedBreach{FeedBreach::Kind::kTooMuch, field + ": has " + std::to_string(text.size()) +
                                                    " bytes: at most " + std::to_string(most) + " may be"};
}

std::optional<FeedBreach> fault_of(const v1::SourceState& state) {
  const auto lines = std::max(
      {state.problems_size(), state.warnings_size(), static_cast<int>(state.ignored_kinds().size())});
  if (static_cast<size_t>(lines) > kFeedMostLines)
    return FeedBreach{FeedBreach::Kind::kTooMuch,
                      "state: more than " + std::to_string(kFeedMostLines) + " lines: send the first ones"};
  for (const auto* texts : {&state.problems(), &state.warnings()})
    for (const auto& text : *texts)
      if (auto fault = too_long("state", text, kFeedLongestText)) return fault;
  for (const auto& [kind, count] : state.ignored_kinds())
    if (auto fault = too_long("state: ignored_kinds", kind, kFeedLongestText)) return fault;
  return std::nullopt;
}

base::Status check_hello(const v1::Hello& hello) {
  if (hello.session().empty()) return Error("hello.session: is empty: choose a random text");
  const std::pair<const char*, std::pair<const std::string*, size_t>> texts[] = {
      {"hello.session", {&hello.session(), kFeedLongestSession}},
      {"hello.feeder", {&hello.feeder(), kFeedLongestText}},
      {"hello.source", {&hello.source(), kFeedLongestText}}};
  for (const auto& [field, what] : texts)
    if (const auto fault = too_long(field, *what.first, what.second)) return Error(fault->what);
  return base::done();
}

v1::Progress progress_of(const FeedSession& session, uint64_t in_force) {
  v1::Progress progress;
  progress.set_taken(session.taken());
  progress.set_in_force(in_force);
  progress.set_refused_count(session.refused().size());
  for (const auto& [id, why] : session.refused()) {
    if (static_cast<size_t>(progress.refused_size()) == kFeedMostRefusedReported) break;
    auto* refused = progress.add_refused();
    *refused->mutable_id() = encode(id);
    refused->set_why(why);
  }
  return progress;
}

}  // namespace

Result<std::unique_ptr<StreamSource>> StreamSource::open(Settings settings) {
  base::Fd wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake.valid()) return Error::from_errno(errno, "eventfd");
  return std::unique_ptr<StreamSource>(new StreamSource(std::move(settings), std::move(wake)));
}

StreamSource::StreamSource(Settings settings, base::Fd wake)
    : settings_(std::move(settings)),
      wake_(std::move(wake)),
      session_(kFeedMostObjects),
      away_since_("no feeder has come since " + utc(settings_.now())),
      current_at_(settings_.now()) {
  StreamSource::wake();  // the first drain() says that nobody feeds yet
}

void StreamSource::wake() {
  const uint64_t one = 1;
  // Fails only where the counter is full, and then the fd is readable already.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

uint64_t StreamSource::request_read() {
  const uint64_t ticket = requested_.fetch_add(1) + 1;
  wake();
  return ticket;
}

std::string StreamSource::absence() const {
  if (away_since_.empty() && session_.caught_up()) return "";
  const std::string what = away_since_.empty() ? "feeder " + feeder_ + " is sending a snapshot" : away_since_;
  return !session_.synced() ? "waiting for the first snapshot: " + what
         : away_since_.empty()
             ? ""
             : what + ": the state as it was then stays in force; start sluice-watcher or see its log";
}

void StreamSource::report(source::Batch& batch) const {
  if (const auto text = absence(); !text.empty()) batch.problems.push_back(line_of(text));
  for (const auto& [id, why] : session_.refused()) batch.problems.push_back(line_of(why));
  for (const auto& text : state_.problems()) batch.problems.push_back(line_of(base::one_line(text)));
  for (const auto& text : state_.warnings()) batch.warnings.push_back(line_of(base::one_line(text)));
  for (const auto& [kind, count] : state_.ignored_kinds()) batch.skipped[base::one_line(kind)] = count;
}

std::optional<source::Batch> StreamSource::drain() {
  uint64_t wakes = 0;
  if (::read(wake_.get(), &wakes, sizeof wakes) <= 0) return std::nullopt;
  const uint64_t requested = requested_.load();
  auto news = session_.drain_news();
  if (peer_ && session_.caught_up()) answered_ = requested;
  handed_ = news.sequence;
  const size_t timed = std::min(news.observed.size(), kFeedMostTimed - observed_.size());
  observed_.insert(observed_.end(), news.observed.begin(), news.observed.begin() + timed);
  source::Batch batch;
  batch.changes = std::move(news.changes);
  batch.generation = answered_;
  report(batch);
  return batch;
}

void StreamSource::note_in_force(std::chrono::system_clock::time_point when) {
  for (const int64_t observed : std::exchange(observed_, {})) {
    const auto took = when.time_since_epoch() - std::chrono::nanoseconds(observed);
    settings_.observe(std::max(std::chrono::duration<double>(took), std::chrono::duration<double>::zero()));
  }
  if (std::exchange(in_force_, handed_) != handed_) tell_progress();
}

void StreamSource::tell_progress() {
  if (peer_) peer_->tell(progress_of(session_, std::min(in_force_, session_.taken())));
}

base::Status StreamSource::begin(const std::shared_ptr<StreamPeer>& peer, const v1::Hello& hello) {
  if (auto checked = check_hello(hello); !checked) return checked;
  const std::string feeder = base::one_line(hello.feeder());
  note_current();
  if (peer_) peer_->finish(FeedEnd::kSuperseded, "another feeder took over: " + feeder);
  peer_ = peer;
  feeder_ = feeder;
  source_ = base::one_line(hello.source());
  away_since_.clear();
  state_.Clear();
  ++connections_;
  v1::Welcome welcome;
  welcome.set_resumed(session_.begin(hello.session(), hello.resume_after()));
  welcome.set_window(kFeedWindow);
  welcome.set_largest_message(kFeedLargestMessage);
  welcome.set_most_objects(kFeedMostObjects);
  welcome.set_node(settings_.node_name);
  if (!welcome.resumed()) handed_ = in_force_ = 0;
  peer_->welcome(std::move(welcome));
  tell_progress();
  wake();
  return base::done();
}

std::optional<FeedBreach> StreamSource::accept_batch(const StreamPeer& peer, FedBatch batch) {
  if (&peer != peer_.get()) return std::nullopt;
  note_current();
  if (auto fault = session_.accept(std::move(batch))) return fault;
  tell_progress();
  wake();
  return std::nullopt;
}

std::optional<FeedBreach> StreamSource::accept_state(const StreamPeer& peer, const v1::SourceState& state) {
  if (&peer != peer_.get()) return std::nullopt;
  if (auto fault = fault_of(state)) return fault;
  state_ = state;
  wake();
  return std::nullopt;
}

void StreamSource::end(const StreamPeer& peer, const std::string& why) {
  if (&peer != peer_.get()) return;
  note_current();
  peer_.reset();
  state_.Clear();
  away_since_ = "no feeder since " + utc(settings_.now()) + " (" + feeder_ + ": " + base::one_line(why) + ")";
  wake();
}

void StreamSource::stop() {
  note_current();
  if (peer_) std::exchange(peer_, nullptr)->finish(FeedEnd::kStopping, "the agent is stopping");
}

bool StreamSource::is_current() const {
  return peer_ != nullptr && session_.caught_up();
}

void StreamSource::note_current() {
  if (is_current()) current_at_ = settings_.now();
}

FeedReading StreamSource::reading() const {
  const std::chrono::duration<double> behind = settings_.now() - current_at_;
  return {peer_ != nullptr,
          session_.caught_up(),
          connections_,
          session_.snapshots(),
          session_.events(),
          session_.refused().size(),
          is_current() ? 0 : std::max(0.0, behind.count())};
}

}  // namespace sluice::source::feed
