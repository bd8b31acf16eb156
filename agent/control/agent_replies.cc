// What the agent says of itself: the control API's replies, and HTTP; and what it does about the flow tables, about
// maps of other layouts, once all is in force, and about policies whose hours begin or end; and what programs report.
// Also what Upkeep does by it.
#include <algorithm>

#include "agent/control/agent.h"
#include "agent/image/encode.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/flows.h"
#include "agent/kernel/pins.h"
#include "agent/model/probe.h"
#include "agent/serve/exposition.h"

namespace sluice::control {

using base::Result;
using base::Status;
using std::chrono::steady_clock;

namespace {

constexpr size_t kEventsAtOnce = 256;

}  // namespace

kernel::Counters Agent::counters() const {
  auto counters = kernel::read_counters(*kernel_.programs);
  if (counters) return *counters;
  log_.error("counters_unreadable", {{"error", counters.error().message()}});
  return {};
}

EndpointStats Agent::stats() const {
  EndpointStats all;
  for (const auto& [endpoint, value] : view().image().endpoints) {
    const auto id = view().placement().id_of(endpoint);
    if (!id) continue;  // not in the maps yet
    auto stats = kernel::read_stats(*kernel_.programs, SLUICE_ENDPOINT_INDEX(*id));
    all[endpoint] = stats ? *stats : sluice_endpoint_stats{};
  }
  return all;
}

void Agent::set_endpoint_settings() {
  const Status shares = flow_shares_.set(node::shares_of(view()));
  if (!shares) log_.error("flow_shares_not_set", {{"error", shares.error().message()}});
  const Status observed = observed_.set(
      node::observed_of(view(), [this](const model::Pod& pod) { return observer_.asks_for(pod); }));
  if (!observed) log_.error("observed_not_set", {{"error", observed.error().message()}});
  settings_due_ = !shares || !observed;
}

void Agent::note_changes(const std::vector<model::Change>& changes) {
  for (const model::Change& change : changes) {
    const model::Kind kind = change.id().kind;
    settings_due_ = settings_due_ || kind == model::Kind::kPod || kind == model::Kind::kNamespace ||
                    stream::PolicyAsks::is_asked_by(change, view().compiler().cluster());
    names_due_ = names_due_ || kind == model::Kind::kService || kind == model::Kind::kNode;
  }
}

void Agent::put_policies(std::vector<model::Change> changes) {
  auto admitted = hours_.admit(std::move(changes));
  note_changes(admitted);
  reconciler_.change_objects(std::move(admitted));
  reconciler_.set_beyond(budgets_.problems());
}

void Agent::switch_policies(std::vector<model::Change> changes) {
  const auto ended = std::ranges::count_if(changes, &model::Change::is_removal);
  log_.info("hours", {{"begin", std::to_string(changes.size() - static_cast<size_t>(ended))},
                      {"end", std::to_string(ended)}});
  note_changes(changes);
  reconciler_.change_objects(std::move(changes));
  apply_soon();
}

EndpointFlows Agent::endpoint_flows() const {
  EndpointFlows all;
  for (const auto& [endpoint, value] : view().image().endpoints) {
    const auto id = view().placement().id_of(endpoint);
    if (!id) continue;  // not in the maps yet
    if (auto counts = kernel::read_flow_counts(*kernel_.programs, SLUICE_ENDPOINT_INDEX(*id)))
      all[endpoint] = *counts;
  }
  return all;
}

std::optional<FlowReading> Agent::flows(const FlowReader::Facts& tables) const {
  const auto node = kernel::read_flow_counts(*kernel_.programs, SLUICE_NO_ENDPOINT);
  if (tables && node) return FlowReading{*tables, *node};
  log_.error("flows_unreadable", {{"error", (tables ? node.error() : tables.error()).message()}});
  return std::nullopt;
}

void Agent::remove_other_layouts() {
  if (auto taken = kernel_.programs->take_over_flows(); !taken)
    log_.error("flows_not_taken_over", {{"error", taken.error().message()}});
  auto removed = kernel::remove_other_versions(options_.bpffs);
  if (!removed) return log_.error("old_layout_stays", {{"error", removed.error().message()}});
  other_layouts_removed_ = true;
  if (*removed > 0) log_.info("old_layout_removed", {{"versions", std::to_string(*removed)}});
}

MetricsReading Agent::reading() {
  MetricsReading now = metrics_reading(view(), facts_, counters(), stats(), endpoint_flows());
  now.namespaces = namespaces_.update(pod_counts(now.drops));
  now.flows = flows(flow_reader_.lately());
  for (uint32_t i = SLUICE_FIRST_TABLE; i < SLUICE_MAP_COUNT; ++i) {
    const auto map = static_cast<sluice_map>(i);
    now.growth_failures[std::string(image::map_name(map))] = kernel_.maps->growth_failures(map);
  }
  now.pins_put_back = upkeep_.pins_put_back();
  now.policy_counts = observer_.policy_counts();
  now.names = {names_->wanted(),
               names_->learner().memory().names(),
               names_->learner().memory().addresses(),
               names_->unheld(),
               names_->learner().counts(),
               names_->learner().memory().counts(),
               {}};
  for (size_t i = 0; i < dns::kEvents; ++i)
    now.names.events.at(i) = names_->learner().exchanges().count(dns::Event(i));
  now.policies_beyond_budget = budgets_.beyond();
  now.policies_outside_hours = hours_.calendar().outside();
  if (const auto next = hours_.calendar().next_switch())
    now.next_policy_edge =
        std::max(std::chrono::duration<double>(next->at - times::clock::now()).count(), 0.0);
  if (feed_ != nullptr) now.feed = feed_->reading();
  return now;
}

v1::StatusReply Agent::status() {
  auto reply = status_reply(view(), facts_, counters(), stats(), steady_clock::now() - started_);
  if (const auto read = flows(flow_reader_.now())) add_flows(*read, *reply.mutable_flows());
  reply.mutable_audit()->set_last_hour(observer_.audited_in_last_hour());
  add_hours(hours_.calendar(), hours_.problem(), reply);
  if (names_->wanted() || names_->learner().memory().names() > 0)
    *reply.mutable_names() = name_facts(*names_);
  for (const std::string& problem : names_->problems()) reply.add_problems(problem);
  return reply;
}
void Agent::names(NamesDone done) {
  names_->count_connections([this, done = std::move(done)](const learning::Connections& connections) {
    done(names_reply(view(), *names_, connections));
  });
}
v1::EndpointsReply Agent::endpoints() {
  return endpoints_reply(view(), facts_, stats(), endpoint_flows());
}
v1::PoliciesReply Agent::policies() {
  return policies_reply(view(), hours_.calendar());
}
v1::IdentitiesReply Agent::identities() {
  return identities_reply(view());
}
v1::MapsReply Agent::maps() {
  std::vector<MapFacts> facts;
  for (uint32_t i = 0; i < SLUICE_MAP_COUNT; ++i) {
    const auto map = kernel_.programs->map(static_cast<sluice_map>(i));
    facts.push_back(
        {map.shape().name, kernel::kind_text(map.shape().type), map.entries, kernel::memory_of(map.fd)});
  }
  for (const auto& [name, ring] : {std::pair("answers", kernel_.programs->answers_fd()),
                                   std::pair("events", kernel_.programs->events_fd())}) {
    const auto room = kernel::entries_of(ring);
    facts.push_back(
        {name, kernel::kind_text(BPF_MAP_TYPE_RINGBUF), room ? *room : 0, kernel::memory_of(ring)});
  }
  return maps_reply(view(), facts, flows(flow_reader_.now()));
}
v1::MetricsReply Agent::metrics() {
  v1::MetricsReply reply;
  reply.set_text(serve::metrics_answer("", metrics_.families(reading())).body);
  return reply;
}
std::vector<v1::SnapshotPiece> Agent::snapshot() {
  return snapshot_pieces(view().compiler().cluster(), hours_.calendar());
}
Result<v1::CheckReply> Agent::check(const v1::CheckRequest& request) {
  const names::Memory& memory = names_->learner().memory();
  return check_reply(
      view(), hours_.calendar(), request,
      memory.addresses_of(model::domain_named(request.to()), kernel::answers::boot_nanoseconds()));
}

stream::Surroundings Agent::for_observer() {
  const auto nanoseconds = [](auto since) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
  };
  return {options_.node_name,
          view(),
          [this](const net::Ip& address) { return reconciler_.pod_of(address); },
          [this](uint64_t pod) { return stats_parts(pod); },
          [nanoseconds] { return nanoseconds(std::chrono::system_clock::now().time_since_epoch()); },
          [nanoseconds] { return nanoseconds(steady_clock::now().time_since_epoch()); },
          [this] { set_endpoint_settings(); },
          [this](std::function<void()> act) { boost::asio::post(loop_, std::move(act)); },
          [this](const observe::LogLine& line) { log_.info(observe::event_of(line), line); },
          options_.log_drops};
}

std::vector<sluice_endpoint_stats> Agent::stats_parts(uint64_t pod) const {
  const auto id = pod == 0 ? std::optional<uint32_t>(SLUICE_NO_ENDPOINT)
                           : view().placement().id_of(image::EndpointId{pod});
  if (!id) return {};
  auto parts = kernel::read_stats_parts(*kernel_.programs, SLUICE_ENDPOINT_INDEX(*id));
  return parts ? *std::move(parts) : std::vector<sluice_endpoint_stats>();
}

Status Agent::drain_events() {
  auto taken =
      kernel_.events->consume(kEventsAtOnce, [this](const sluice_event& event) { observer_.accept(event); });
  observe_later();
  return taken ? base::done() : Status(taken.error());
}

void Agent::observe_later() {
  at(observer_.next(), observer_due_, [this] {
    observer_.tick();
    observe_later();
  });
}

void Agent::observe(const v1::ObserveRequest& request, std::shared_ptr<stream::Sink> sink) {
  observer_.observe(request, std::move(sink));
  observe_later();
}
Result<v1::Flow> Agent::event(const v1::EventRequest& request) {
  return observer_.event(request.id());
}

serve::HttpAnswer Agent::answer_http(const serve::HttpRequest& request) {
  const std::string_view path = request.path;
  if (path == "/metrics") return serve::metrics_answer(request.accept, metrics_.families(reading()));
  if (path == "/healthz" || path == "/livez") return {200, "text/plain; charset=utf-8", "ok\n"};
  if (path == "/readyz") {
    const std::string why = view().why_not_ready();
    return {why.empty() ? 200U : 503U, "text/plain; charset=utf-8", (why.empty() ? "ready" : why) + "\n"};
  }
  return {404, "text/plain; charset=utf-8", "there are /metrics, /healthz, /livez and /readyz\n"};
}

upkeep::Acts Agent::for_upkeep() {
  return {[this] {
            auto pins = kernel_.programs->keep_pins();
            if (pins && *pins > 0)
              log_.warn("pins_put_back",
                        {{"directory", options_.bpffs.string()}, {"pins", std::to_string(*pins)}});
            return pins;
          },
          [this](const std::string& why) {
            reconciler_.set_unkept(why.empty() ? ""
                                               : "--bpffs: " + why +
                                                     ": an agent that starts now cannot take over what is in "
                                                     "force; mount it again, writable");
          },
          [this](bool all) {
            if (!reconciler_.put_back(all)) apply_retry_.later([this] { apply_soon(); });
            report_later();
          }};
}

}  // namespace sluice::control
