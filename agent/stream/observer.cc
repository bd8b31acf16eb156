#include "agent/stream/observer.h"

#include <algorithm>
#include <cstdio>

#include "agent/base/excerpt.h"
#include "agent/model/workloads.h"
#include "agent/stream/convert.h"

namespace sluice::stream {
namespace {

using observe::FlowRecord;

constexpr int64_t kSecond = 1'000'000'000;

// Ids of one start of an agent differ from those of the one before.
std::string id_prefix(int64_t wall) {
  char text[32];
  std::snprintf(text, sizeof text, "%07llx-", static_cast<unsigned long long>(wall / kSecond) & 0xfffffff);
  return text;
}

template <typename List, typename Is>
bool may(const List& list, Is is) {
  return list.empty() || std::ranges::any_of(list, is);
}

}  // namespace

Observer::Observer(Surroundings surroundings, size_t history_bytes)
    : surroundings_(std::move(surroundings)),
      history_(history_bytes, id_prefix(surroundings_.wall())),
      drop_lines_([this](const observe::LogLine& line) { surroundings_.log(line); }),
      why_(surroundings_.view),
      policy_asks_(surroundings_.view) {}

flow::Names Observer::names() const {
  return {[this](uint64_t pod) {
            const auto& endpoints = surroundings_.view.image().endpoints;
            const auto found = endpoints.find(image::EndpointId{pod});
            return found == endpoints.end() ? std::string() : found->second.name;
          },
          surroundings_.pod_of};
}

observe::LabelsOf Observer::labels_of() const {
  return [this](const model::ObjectName& name) -> const model::Labels* {
    const auto& pods = surroundings_.view.compiler().cluster().pods;
    const auto pod = pods.find(name);
    return pod == pods.end() ? nullptr : &pod->second.labels;
  };
}

void Observer::accept(const sluice_event& event) {
  const model::Cluster& cluster = surroundings_.view.compiler().cluster();
  if (std::exchange(names_are_old_, false)) address_names_ = observe::AddressNames(cluster);
  const observe::Names known = {[&cluster](const model::ObjectName& name) {
                                  const auto pod = cluster.pods.find(name);
                                  return pod == cluster.pods.end() ? std::string()
                                                                   : model::workload_of(pod->second);
                                },
                                [this](const net::Ip& address) { return address_names_.service_of(address); },
                                [this](const net::Ip& address) { return address_names_.node_of(address); }};
  const int64_t monotonic = surroundings_.monotonic();
  const int64_t time = surroundings_.wall() - (monotonic - static_cast<int64_t>(event.time));
  FlowRecord record = describe(flow::decode(event, names()), time, known);
  record.node = surroundings_.node;
  why_.explain(record);
  const auto told = bursts_.accept(event);
  record.count = 1 + told.suppressed;
  record.lost = told.lost;
  const observe::EventSource source = observe::source_of(event);
  open_bursts_.erase(source);
  if (event.last != 0 && open_bursts_.size() < kMostBursts)
    open_bursts_[source] = {record, monotonic + kSecond};
  add(std::move(record));
}

void Observer::add(FlowRecord record) {
  const FlowRecord& added = history_.add(std::move(record));
  if (added.verdict == observe::Verdict::kAudit) audited_.add(surroundings_.monotonic(), added.count);
  policy_asks_.count(added);
  if (policy_asks_.wants_line(added, surroundings_.log_drops)) drop_lines_.add(added, now());
  std::vector<StreamId> waiting;
  for (const auto& [id, stream] : streams_)
    if (stream.waits) waiting.push_back(id);
  for (const StreamId id : waiting) pump(id);
}

void Observer::settle_bursts() {
  const int64_t now = surroundings_.monotonic();
  std::vector<std::pair<observe::EventSource, FlowRecord>> due;
  for (auto at = open_bursts_.begin(); at != open_bursts_.end();) {
    const bool is_due = at->second.due <= now;
    if (is_due) due.emplace_back(at->first, std::move(at->second.record));
    at = is_due ? open_bursts_.erase(at) : std::next(at);
  }
  for (auto& [source, record] : due) {
    const auto parts = surroundings_.stats(source.pod);
    if (source.part >= parts.size()) continue;
    const auto& part = parts[source.part];
    const auto kind = source.allowed ? SLUICE_REPORT_ALLOWED : SLUICE_REPORT_DENIED;
    const auto told = bursts_.settle(source, part.suppressed[kind], part.lost);
    if (told.suppressed + told.lost == 0) continue;
    record.count = told.suppressed;
    record.lost = told.lost;
    record.time = surroundings_.wall();
    add(std::move(record));
  }
}

void Observer::tick() {
  settle_bursts();
  drop_lines_.summarise(now());
  end_asks();
}

std::optional<Observer::Time> Observer::next() const {
  std::optional<Time> due = drop_lines_.next();
  const auto note = [&due](int64_t monotonic) {
    const Time time{std::chrono::nanoseconds(monotonic)};
    due = due ? std::min(*due, time) : time;
  };
  for (const auto& [source, burst] : open_bursts_) note(burst.due);
  for (const auto& [id, stream] : streams_)
    if (stream.allowed_until) note(*stream.allowed_until);
  return due;
}

bool Observer::asks_for(const model::Pod& pod) const {
  if (policy_asks_.asks_for_allowed(pod)) return true;
  observe::End end;
  end.ns = pod.name.ns;
  end.pod = pod.name.name;
  end.workload = model::workload_of(pod);
  return std::ranges::any_of(streams_, [&](const auto& entry) {
    const Stream& stream = entry.second;
    const observe::Filter& filter = stream.filter;
    const auto is = [&end](const observe::Party& party) { return party.matches(end) || party.is_no_pod(); };
    return stream.allowed_until && may(filter.namespaces, [&](const auto& ns) { return ns == end.ns; }) &&
           may(filter.either, is) && (may(filter.from, is) || may(filter.to, is));
  });
}

void Observer::end_asks() {
  const int64_t now = surroundings_.monotonic();
  bool changed = false;
  for (auto& [id, stream] : streams_)
    if (stream.allowed_until && *stream.allowed_until <= now) stream.allowed_until.reset(), changed = true;
  if (changed) surroundings_.asks_changed();
}

void Observer::observe(const v1::ObserveRequest& request, std::shared_ptr<Sink> sink) {
  if (stopping_) return sink->finish(End::kStopping, "the agent is stopping");
  if (streams_.size() >= kMostReaders)
    return sink->finish(End::kTooMany, std::to_string(kMostReaders) + " observe already: end one of them");
  auto filter = decode(request.filter());
  if (!filter) return sink->finish(End::kWrong, filter.error().message());
  const std::chrono::seconds allowed(request.allowed_seconds());
  if (allowed > kLongestAllowed)
    return sink->finish(End::kWrong, "--allowed: " + std::to_string(allowed.count()) +
                                         " s: give an hour at the most, or annotate the pods with " +
                                         model::kObserveAnnotation + ": allowed");
  const auto last = request.has_last() ? std::optional(request.last()) : std::nullopt;
  const auto cursor = observe::Cursor::before(history_, *filter, labels_of(), last);
  const StreamId id = ++last_stream_;
  Stream& stream =
      streams_.emplace(id, Stream{std::move(sink), std::move(*filter), cursor, request.follow(), false, {}})
          .first->second;
  stream.sink->follow([this, id] { pump(id); }, [this, id] { drop(id); });
  if (allowed.count() > 0) {
    stream.allowed_until = surroundings_.monotonic() + allowed.count() * kSecond;
    surroundings_.asks_changed();
  }
  pump(id);
}

void Observer::pump(StreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  stream.waits = false;
  std::vector<v1::Flow> batch;
  const auto labels = labels_of();
  for (size_t looks = kTurn; batch.size() < kBatch;) {
    auto record = stream.cursor.next(history_, stream.filter, labels, looks);
    if (!record) break;
    batch.push_back(encode(*record));
  }
  if (!batch.empty()) return stream.sink->give(std::move(batch));
  if (!stream.cursor.is_at_end(history_)) return pump_soon(id);
  stream.waits = stream.follow;
  if (!stream.follow) stream.sink->finish(End::kDone, "");
}

void Observer::pump_soon(StreamId id) {
  surroundings_.later([this, id] { pump(id); });
}

void Observer::drop(StreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const bool asked = found->second.allowed_until.has_value();
  streams_.erase(found);
  if (asked) surroundings_.asks_changed();
}

base::Result<v1::Flow> Observer::event(const std::string& id) const {
  if (const auto* record = history_.find(id)) return encode(*record);
  return base::Error("event " + base::excerpt(id) +
                     ": no such record here: the history holds those of late, since this agent's start");
}

void Observer::stop() {
  stopping_ = true;
  for (auto& [id, stream] : streams_) stream.sink->finish(End::kStopping, "the agent is stopping");
}

}  // namespace sluice::stream
