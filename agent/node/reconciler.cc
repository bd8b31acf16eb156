#include "agent/node/reconciler.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace sluice::node {

using base::Error;
using base::Result;
using base::Status;

namespace {

std::set<uint32_t> endpoint_interfaces(const image::Image& image) {
  std::set<uint32_t> all;
  for (const auto& [id, endpoint] : image.endpoints)
    if (endpoint.ifindex != 0) all.insert(endpoint.ifindex);
  return all;
}

// What is wrong with the machine, as it is now.
Reports::Lines machine_lines(const NodeState& state, const image::Target* target) {
  Reports::Lines lines{state.unread, state.interfaces.warnings};
  if (!state.unkept.empty()) lines.problems.push_back(state.unkept);
  const auto& discovery = state.inputs.discovery();
  for (const auto* more : {&discovery.problems, &discovery.unseen, &state.interfaces.problems})
    lines.problems.insert(lines.problems.end(), more->begin(), more->end());
  for (const auto& [ifindex, error] : state.attachments.errors()) lines.problems.push_back(error);
  if (target != nullptr)
    for (auto& problem : target->problems()) lines.problems.push_back(std::move(problem));
  const auto& nodes = state.compiler.cluster().nodes;
  if (!nodes.empty() && !nodes.contains({"", state.name}))
    lines.warnings.push_back("--node-name " + state.name + ": none of the Node objects (" +
                             std::to_string(nodes.size()) +
                             ") has that name: node ports, and pods of this node that are not found, are "
                             "nobody's; give the name of this node's object");
  return lines;
}

}  // namespace

Reconciler::Reconciler(const std::string& name, Backend backend, Clock clock, const base::Log& log)
    : backend_(std::move(backend)),
      clock_(std::move(clock)),
      log_(log),
      state_{.name = name,
             .compiler = compile::Compiler(name),
             .inputs = Inputs(name),
             .applier = Applier(backend_.target, backend_.read_maps),
             .attachments = Attachments(backend_.hooks),
             .interfaces = {},
             .reports = Reports(clock_.steady, log),
             .unread = {},
             .unkept = {},
             .closes_new = backend_.closes_new,
             .held = {},
             .retry = false,
             .unfit = false,
             .beyond = {},
             .learnt = false,
             .look_again = {},
             .last_change = {},
             .last_error = {},
             .totals = {}},
      view_(state_) {}

void Reconciler::note_change() {
  if (!changed_since_ && state_.inputs.complete() && state_.inputs.changed())
    changed_since_ = clock_.steady();
  report();
}

void Reconciler::set_objects(ObjectNews news) {
  state_.inputs.set_objects(std::move(news), state_.compiler.cluster(), state_.interfaces.pods);
  note_change();
}

void Reconciler::change_objects(std::vector<model::Change> changes) {
  state_.inputs.change_objects(std::move(changes), state_.compiler.cluster(), state_.interfaces.pods);
  note_change();
}

void Reconciler::set_discovery(endpoint::Discovery discovery) {
  if (const auto before = state_.inputs.set_discovery(std::move(discovery)))
    state_.attachments.invalidate(*before, state_.inputs.discovery());
  note_change();
}

void Reconciler::set_announced(Announced announced) {
  if (const auto before = state_.inputs.set_announced(std::move(announced), state_.compiler.cluster(),
                                                      state_.interfaces.pods))
    state_.attachments.invalidate(*before, state_.inputs.discovery());
  note_change();
}

void Reconciler::set_node_addresses(std::vector<net::Ip> addresses) {
  state_.inputs.set_node_addresses(std::move(addresses));
  note_change();
}

bool Reconciler::learn(const std::map<image::NameSlot, std::optional<std::string>>& names,
                       const std::map<net::Ip, std::vector<image::NameSlot>>& addresses) {
  const auto difference = state_.compiler.learn(names, addresses);
  bool in_force = difference.has_value();
  if (difference && !difference->empty()) {
    clean_up();
    in_force = state_.applier.put_at_once(*difference);
  }
  state_.learnt = state_.learnt || !in_force;
  return in_force;
}

bool Reconciler::reserve(std::set<net::Ip> addresses) {
  const bool changed = state_.compiler.reserve(std::move(addresses));
  state_.learnt = state_.learnt || changed;
  return changed;
}

void Reconciler::set_unread(std::vector<std::string> unread) {
  state_.unread = std::move(unread);
  report();
}

void Reconciler::set_unkept(std::string why) {
  if (why == state_.unkept) return;
  state_.unkept = std::move(why);
  report();
}

void Reconciler::set_beyond(std::vector<std::string> beyond) {
  if (beyond == state_.beyond) return;
  state_.beyond = std::move(beyond);
  report();
}

void Reconciler::report() {
  Reports::Lines machine = machine_lines(state_, backend_.target);
  if (auto line = view_.behind_others(); !line.empty()) machine.warnings.push_back(std::move(line));
  state_.reports.update(std::move(machine), {view_.object_problems(), state_.inputs.news().warnings});
}

void Reconciler::classify() {
  state_.interfaces = classify_interfaces({state_.inputs.discovery(), state_.inputs.pods(), state_.name,
                                           state_.inputs.pod_cidrs(), view_.image(),
                                           state_.attachments.carrying(), backend_.closes_new, state_.held});
  report();
}

// Each pod once. Of a pod with two interfaces the compiler gets the first; the other one carries programs that know no
// pod of it.
std::vector<compile::LocalPod> Reconciler::local_pods() const {
  std::vector<compile::LocalPod> locals;
  for (const auto& pod : state_.interfaces.pods)
    if (locals.empty() || locals.back().name != pod.name)
      locals.push_back({pod.name, static_cast<uint32_t>(pod.host_ifindex)});
  return locals;
}

Result<image::Difference> Reconciler::compile() {
  auto change = state_.inputs.drain();
  std::optional<std::vector<compile::LocalPod>> locals;
  if (change.endpoints || state_.applier.state() == Applier::State::kBehind) {
    classify();
    locals = local_pods();
  }
  auto difference = state_.compiler.update(change.objects, locals, change.node_addresses);
  if (!difference) return difference;
  return state_.applier.difference(state_.compiler.image(), std::move(*difference));
}

Status Reconciler::read_back() {
  if (auto inherited = state_.attachments.inherit(); !inherited) return inherited;
  return state_.applier.read();
}

Result<image::Difference> Reconciler::preview() {
  if (!state_.applier.known())
    if (auto read = read_back(); !read) return read.error();
  return compile();
}

Applied Reconciler::apply() {
  clean_up();
  if (!view_.stale()) return Applied::kNothingToDo;
  LastChange change;
  change.what = state_.inputs.describe_change();
  if (!view_.started())
    change.what = "first state";
  else if (change.what.empty())
    change.what = state_.learnt ? "names" : "retry";
  state_.retry = state_.learnt = state_.unfit = false;
  // Read before compile(): after a failed change the image in force is only in the maps.
  const Status read = state_.applier.known() ? base::done() : read_back();
  const auto begun = clock_.steady();
  auto difference = compile();
  change.compiled = clock_.steady() - begun;
  if (!read) return fail(read.error());
  state_.unfit = !difference;
  if (!difference) return fail(difference.error());
  change.entries = difference->entries();
  change.endpoints = !difference->endpoints.empty();
  for (const auto& [slot, changed] : difference->names) change.names.push_back(slot);
  const bool nothing = state_.applier.holds(*difference);
  if (nothing) {
    state_.applier.note_in_force();
  } else {
    auto writes = state_.applier.put(state_.compiler.image(), *difference);
    state_.unfit = !writes && writes.error().is_full();
    if (!writes) return fail(writes.error());
    change.writes = *writes;
  }
  attach_wanted();
  change.took = clock_.steady() - changed_since_.value_or(clock_.steady());
  change.when = clock_.system();
  detach_unwanted();
  if (nothing && view_.started()) {
    changed_since_.reset();
    state_.last_error.clear();
    return Applied::kNothingToDo;
  }
  succeed(std::move(change));
  return Applied::kInForce;
}

void Reconciler::clean_up() {
  if (auto cleaned = state_.applier.clean_up(state_.compiler.image()); !cleaned)
    fail(cleaned.error().within("clean up after the change, which is in force"));
}

Applied Reconciler::fail(const Error& error) {
  ++state_.totals.failures;
  state_.last_error = error.message();
  state_.retry = true;
  log_.error("apply_failed", {{"error", state_.last_error}});
  attach_wanted();
  detach_unwanted();
  return Applied::kFailed;
}

void Reconciler::succeed(LastChange change) {
  ++state_.totals.applies;
  state_.totals.entries += change.entries;
  state_.totals.writes += change.writes;
  state_.last_error.clear();
  changed_since_.reset();
  log_.info("applied", {{"epoch", std::to_string(view_.epoch())},
                        {"what", change.what},
                        {"entries", std::to_string(change.entries)},
                        {"writes", std::to_string(change.writes)},
                        {"milliseconds", fmt::format("{:.1f}", change.took.count() * 1e3)},
                        {"endpoints", std::to_string(view_.image().endpoints.size())}});
  state_.last_change = std::move(change);
}

std::set<uint32_t> Reconciler::wanted_interfaces() const {
  std::set<uint32_t> wanted = endpoint_interfaces(view_.image());
  for (const auto& pod : state_.interfaces.pods) wanted.insert(static_cast<uint32_t>(pod.host_ifindex));
  wanted.insert(state_.interfaces.unknown.begin(), state_.interfaces.unknown.end());
  return wanted;
}

bool Reconciler::is_closed(uint32_t ifindex) const {
  const auto& all = view_.discovery().found;
  const auto found = std::ranges::find(all, static_cast<int>(ifindex), &endpoint::Found::host_ifindex);
  const auto bare = view_.discovery().bare.find(static_cast<int>(ifindex));
  const std::string netns = found != all.end()                     ? found->netns
                            : bare != view_.discovery().bare.end() ? bare->second
                                                                   : "";
  return backend_.is_closed && !netns.empty() && backend_.is_closed(view_.discovery().dir + "/" + netns);
}

std::chrono::seconds Reconciler::way_of(uint32_t ifindex) const {
  if (is_closed(ifindex)) return kGiveWayClosed;
  const bool unknown = !backend_.closes_new && view_.started() && state_.interfaces.unknown.contains(ifindex);
  return unknown ? kGiveWay : std::chrono::seconds(0);
}

std::set<uint32_t> Reconciler::left_to_chains(const std::set<uint32_t>& wanted) {
  state_.look_again.reset();
  const auto before = std::exchange(bare_since_, {});
  if (!backend_.gives_way) return {};
  const auto carrying = state_.attachments.carrying();
  const auto announced = announced_interfaces(view_.discovery(), view_.announced());
  const auto now = clock_.steady();
  std::set<uint32_t> left;
  for (const uint32_t ifindex : wanted) {
    if (carrying.contains(ifindex) || announced.contains(ifindex)) continue;
    const auto known = before.find(ifindex);
    const auto since = bare_since_[ifindex] = known == before.end() ? now : known->second;
    const auto over = since + way_of(ifindex);
    if (over <= now) continue;
    left.insert(ifindex);
    state_.look_again = std::min({state_.look_again.value_or(over), over, now + kGiveWay});
  }
  return left;
}

void Reconciler::attach_wanted() {
  auto wanted = wanted_interfaces();
  const auto left = left_to_chains(wanted);
  adopt_connections(left);
  forget_held();
  std::erase_if(wanted, [&left](uint32_t ifindex) { return left.contains(ifindex); });
  state_.attachments.attach_missing(wanted, [this](uint32_t ifindex) { return pod_at(ifindex); });
  state_.retry = state_.retry || !view_.attach_errors().empty();
  report();
}

// While it is not known what is in force, nothing is detached.
void Reconciler::detach_unwanted() {
  if (!state_.applier.known()) return;
  if (auto detached = state_.attachments.detach_all_but(wanted_interfaces()); !detached) {
    log_.error("detach_failed", {{"error", detached.error().message()}});
    state_.retry = true;
  }
}

void Reconciler::adopt_connections(const std::set<uint32_t>& left) const {
  if (!backend_.adopt || !compiled_in_force()) return;
  const auto carrying = state_.attachments.carrying();
  std::vector<AdoptingEndpoint> endpoints;
  for (const auto& [id, endpoint] : view_.image().endpoints) {
    const auto flow_id = view_.placement().id_of(id);
    const bool is_first = !carrying.contains(endpoint.ifindex) || state_.held.contains(endpoint.ifindex);
    if (flow_id && endpoint.ifindex != 0 && is_first && !left.contains(endpoint.ifindex))
      endpoints.push_back({*flow_id, endpoint.ipv4, endpoint.ipv6});
  }
  if (endpoints.empty()) return;
  if (auto adopted = backend_.adopt(endpoints); !adopted)
    log_.warn("connections_not_adopted", {{"error", adopted.error().message()}});
}

void Reconciler::attach_announced(const AnnouncedEndpoint& announced) {
  if (const uint32_t ifindex = interface_of(view_.discovery(), announced); ifindex != 0)
    attach_at_once(ifindex);
}

void Reconciler::attach_announced_without_programs() {
  auto carrying = state_.attachments.read();
  if (!carrying) log_.error("attachments_unreadable", {{"error", carrying.error().message()}});
  for (const uint32_t ifindex : announced_interfaces(view_.discovery(), view_.announced()))
    if (!carrying || !carrying->contains(ifindex)) attach_at_once(ifindex);
}

void Reconciler::attach_at_once(uint32_t ifindex) {
  if (auto attached = state_.attachments.attach(ifindex, pod_at(ifindex)); !attached) state_.retry = true;
}

std::string Reconciler::pod_at(uint32_t ifindex) const {
  for (const auto& pod : state_.interfaces.pods)
    if (static_cast<uint32_t>(pod.host_ifindex) == ifindex) return pod.name.to_text();
  return "no pod";
}

}  // namespace sluice::node
