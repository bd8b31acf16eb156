#include "agent/control/node.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iterator>

namespace sluice::control {

using base::Error;
using base::Result;
using base::Status;

namespace {

// What matching looks at; the rest would be memory for nothing.
model::Pod matched_part(const model::Pod& pod) {
  model::Pod part = pod;
  part.ready = true;
  part.labels.clear();
  part.ports.clear();
  part.source_prefixes.clear();
  return part;
}

std::vector<std::string> sorted_unique(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

std::string count_text(size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

Node::Node(std::string name, NodeMaps maps, NodeClock clock, const Log& log)
    : name_(std::move(name)),
      maps_(std::move(maps)),
      clock_(std::move(clock)),
      log_(log),
      compiler_(name_),
      lending_(name_) {}

void Node::note_news() {
  news_ = true;
  if (!news_since_ && complete()) news_since_ = clock_.steady();
}

void Node::take_objects(ObjectNews news) {
  for (model::Change& change : news.changes) change = lending_.lend(std::move(change));
  const bool completes = news.complete && !objects_complete_;
  objects_complete_ = objects_complete_ || news.complete;
  take_changes(std::move(news.changes));
  if (completes) note_news();
  object_problems_ = std::move(news.problems);
  object_warnings_ = std::move(news.warnings);
  ignored_kinds_ = std::move(news.ignored_kinds);
  log_problems();
}

void Node::take_changes(std::vector<model::Change> changes) {
  const model::Cluster& compiled = compiler_.cluster();
  std::set<model::ObjectId> waiting;  // of what is compiled, what is no longer as it is there
  for (const model::Change& change : changes_)
    if (compiled.knows(change.id())) waiting.insert(change.id());
  for (model::Change& change : changes) {
    const model::ObjectId id = change.id();
    const bool known = compiled.knows(id);
    if (known && !change.is_removal() && !waiting.contains(id) && compiled.holds(std::get<0>(change.what)))
      continue;
    if (known) waiting.insert(id);
    if (id.kind == model::Kind::kNode && id.name.name == name_) take_node_object(change);
    if (id.kind == model::Kind::kPod) take_pod(change);
    changes_.push_back(std::move(change));
    note_news();
  }
}

// Only a pod that is here (found or kept), is to be here, or has an address of what is here can change who is
// here: of a cluster's pods few are. And of what changes in these, little.
void Node::take_pod(const model::Change& change) {
  const model::Change part =
      change.is_removal()
          ? change
          : model::Change::upsert(matched_part(std::get<model::Pod>(std::get<0>(change.what))));
  if (!part.is_removal() && pods_.holds(std::get<0>(part.what))) return;
  const auto concerns_us = [&] {
    if (std::ranges::binary_search(presence_.pods, change.id().name, {}, &endpoint::LocalPod::name))
      return true;
    const auto pod = pods_.pods.find(change.id().name);
    if (pod == pods_.pods.end()) return false;
    return pod->second.node_name == name_ || std::ranges::any_of(pod->second.ips, [&](const net::Ip& ip) {
             return addresses_here_.contains(ip);
           });
  };
  pods_changed_ = pods_changed_ || concerns_us();
  pods_.apply(part);
  pods_changed_ = pods_changed_ || concerns_us();
  owners_.reset();
}

void Node::take_node_object(const model::Change& change) {
  pod_cidrs_.clear();
  if (!change.is_removal()) pod_cidrs_ = std::get<model::Node>(std::get<0>(change.what)).pod_cidrs;
  pods_changed_ = true;
}

void Node::take_discovery(endpoint::Discovery discovery) {
  discovered_here_ = std::move(discovery);
  if (!discovered_) discovery_changed_ = true;
  discovered_ = true;
  note_discovery();
  log_problems();
}

void Node::take_told(Told told) {
  told_ = std::move(told);
  take_changes(lending_.take_told(told_));
  discovery_changed_ = true;  // whom an interface is held for may have changed, though nothing else has
  note_discovery();
  log_problems();
}

Told Node::still_there(Told told) const {
  if (!discovered_) return told;
  for (auto at = told.begin(); at != told.end();) {
    at->second.host_ifindex = interface_of(discovery_, at->second);
    at = at->second.host_ifindex == 0 ? told.erase(at) : std::next(at);
  }
  return told;
}

void Node::note_discovery() {
  auto now = with_told(discovered_here_, told_);
  discovery_changed_ = discovery_changed_ || now != discovery_;
  if (discovery_changed_) note_news();
  if (now != discovery_) doubt_attachments(now);
  discovery_ = std::move(now);
  addresses_here_.clear();
  for (const auto& found : discovery_.found)
    addresses_here_.insert(found.addresses.begin(), found.addresses.end());
}

void Node::take_node_addresses(std::vector<net::Ip> addresses) {
  addressed_ = true;
  new_addresses_ = std::move(addresses);
  note_news();
}

void Node::take_unread(std::vector<std::string> unread) {
  unread_ = std::move(unread);
  log_problems();
}

std::vector<std::string> Node::machine_problems() const {
  std::vector<std::string> all = unread_;
  for (const auto* more : {&discovery_.problems, &discovery_.unseen, &presence_.problems})
    all.insert(all.end(), more->begin(), more->end());
  for (const auto& [ifindex, error] : attach_errors_) all.push_back(error);
  return all;
}

std::vector<std::string> Node::machine_warnings() const {
  std::vector<std::string> all = presence_.warnings;
  const auto& nodes = compiler_.cluster().nodes;
  if (!nodes.empty() && !nodes.contains({"", name_}))
    all.push_back("--node-name " + name_ + ": none of the Node objects (" + std::to_string(nodes.size()) +
                  ") has that name: node ports, and pods of this node that are not found, are nobody's; give "
                  "the name of this node's object");
  return all;
}

std::vector<std::string> Node::problems() const {
  std::vector<std::string> all = lasting_problems_.stood(clock_.steady());
  all.insert(all.end(), object_problems_.begin(), object_problems_.end());
  return sorted_unique(std::move(all));
}

std::vector<std::string> Node::warnings() const {
  std::vector<std::string> all = lasting_warnings_.stood(clock_.steady());
  all.insert(all.end(), object_warnings_.begin(), object_warnings_.end());
  return sorted_unique(std::move(all));
}

std::optional<std::chrono::steady_clock::time_point> Node::next_problems() const {
  const auto now = clock_.steady();
  const auto problem = lasting_problems_.next(now), warning = lasting_warnings_.next(now);
  return problem && warning ? std::min(problem, warning) : problem ? problem : warning;
}

std::string Node::why_not_ready() const {
  if (!last_error_.empty()) return last_error_;
  if (!objects_complete_ && !object_problems_.empty()) return object_problems_.front();
  if (!unread_.empty()) return unread_.front();
  if (!started()) return "no state in force yet";
  if (!attach_errors_.empty()) return attach_errors_.begin()->second;
  if (!discovery_.unseen.empty()) return discovery_.unseen.front();
  return presence_.kept.empty() ? "" : presence_.kept.front();
}

std::string Node::why_unprotected() const {
  if (!unread_.empty()) return unread_.front();
  if (!attach_errors_.empty()) return attach_errors_.begin()->second;
  if (!discovery_.unseen.empty()) return discovery_.unseen.front();
  return presence_.missing.empty() ? "" : presence_.missing.front();
}

void Node::log_problems() {
  lasting_problems_.take(machine_problems(), clock_.steady());
  lasting_warnings_.take(machine_warnings(), clock_.steady());
  log_news("problem", known_problems_, problems());
  log_news("warning", known_warnings_, warnings());
}

void Node::log_news(std::string_view event, std::vector<std::string>& known,
                    const std::vector<std::string>& now) const {
  std::vector<std::string> sorted = now, fresh, gone;
  std::sort(sorted.begin(), sorted.end());
  std::set_difference(sorted.begin(), sorted.end(), known.begin(), known.end(), std::back_inserter(fresh));
  std::set_difference(known.begin(), known.end(), sorted.begin(), sorted.end(), std::back_inserter(gone));
  for (const auto& text : fresh) log_.warn(event, {{"text", text}});
  for (const auto& text : gone) log_.info(std::string(event) + "_gone", {{"text", text}});
  known = std::move(sorted);
}

std::string Node::describe_news() const {
  if (!last_change_) return "first state";
  std::string text;
  auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (!changes_.empty()) add(count_text(changes_.size(), "object"));
  if (discovery_changed_) add("endpoints");
  if (new_addresses_) add("node addresses");
  return text.empty() ? "retry" : text;
}

void Node::find_pods() {
  presence_ = control::presence({discovery_, pods_, name_, pod_cidrs_, image(), carrying()});
  auto before = std::exchange(unknown_since_, {});
  for (const uint32_t ifindex : presence_.unknown)
    unknown_since_[ifindex] = before.contains(ifindex) ? before[ifindex] : clock_.steady();
  log_problems();
}

// Each pod once: of two interfaces the compiler takes the first, the other carries programs that know no pod.
std::vector<compile::LocalPod> Node::local_pods() const {
  std::vector<compile::LocalPod> locals;
  for (const auto& pod : presence_.pods)
    if (locals.empty() || locals.back().name != pod.name)
      locals.push_back({pod.name, static_cast<uint32_t>(pod.host_ifindex)});
  return locals;
}

Result<image::Difference> Node::compile() {
  std::optional<std::vector<compile::LocalPod>> locals;
  if (pods_changed_ || discovery_changed_ || read_anew_) {
    find_pods();
    locals = local_pods();
  }
  auto difference = compiler_.update(changes_, locals, new_addresses_);
  changes_ = {};
  pods_changed_ = discovery_changed_ = read_anew_ = false;
  new_addresses_.reset();
  if (!difference || !behind_) return difference;
  return image::difference(*behind_, compiler_.image());
}

Status Node::read_back() {
  read_ = false;
  if (!behind_) behind_ = compiler_.image();
  auto contents = maps_.contents();
  if (!contents) return contents.error().within("read the maps back");
  auto back = image::Placement::read(*contents);
  if (!back) return back.error().within("read the maps back");
  placement_ = std::move(back->placement);
  behind_ = std::move(back->image);
  if (!inherited_) {
    auto attached = maps_.attached();
    if (!attached) return attached.error().within("read the attachments back");
    inherited_ = std::move(*attached);
  }
  read_ = read_anew_ = true;
  return base::done();
}

Result<image::Difference> Node::preview() {
  if (!read_)
    if (auto read = read_back(); !read) return read.error();
  return compile();
}

Applied Node::apply() {
  settle();
  if (!stale()) return Applied::kNothingToDo;
  LastChange change;
  change.what = describe_news();
  news_ = retry_ = false;
  // Read before compile(): after a failed change the image in force is only in the maps.
  const Status read = read_ ? base::done() : read_back();
  auto difference = compile();
  if (!read) return fail(read.error());
  if (!difference) return fail(difference.error());
  const bool first = !last_change_;
  const bool nothing = difference->empty() && !placement_.leftovers();
  change.entries = difference->entries();
  if (!nothing)
    if (auto put_so = put(*difference, change); !put_so) return fail(put_so.error());
  if (nothing) behind_.reset();
  attach_wanted();
  if (nothing && !first) {
    news_since_.reset();
    last_error_.clear();
    return Applied::kNothingToDo;
  }
  succeed(std::move(change));
  return Applied::kInForce;
}

Status Node::put(const image::Difference& difference, LastChange& change) {
  auto plan = placement_.plan(compiler_.image(), difference);
  if (!plan) {
    (void)read_back();  // the placement is stale; a failure shows in read_, and the next apply() tries again
    return plan.error();
  }
  // Attached one by one after the flip, so that each failure is known by its pod; detached where nobody wants
  // it.
  plan->attach.clear();
  if (auto put = image::put_in_force(*plan, *maps_.target); !put) {
    (void)read_back();
    return put.error();
  }
  change.writes = plan->writes();
  behind_.reset();
  const auto wanted = wanted_interfaces();
  std::erase_if(plan->detach, [&](uint32_t ifindex) { return wanted.contains(ifindex); });
  for (const uint32_t ifindex : plan->detach) attached_.erase(ifindex);
  attach_wanted();
  change.took = clock_.steady() - news_since_.value_or(clock_.steady());
  change.when = clock_.system();
  for (const uint32_t ifindex : std::exchange(plan->detach, {}))
    if (auto detached = maps_.target->detach(ifindex); !detached) {
      (void)read_back();
      return detached.error();
    }
  unsettled_ = std::move(*plan);
  return base::done();
}

void Node::settle() {
  if (!unsettled_) return;
  const image::Plan plan = std::move(*unsettled_);
  unsettled_.reset();
  if (auto settled = image::settle(plan, *maps_.target); !settled) {
    (void)read_back();
    fail(settled.error().within("clean up after the change, which is in force"));
    return;
  }
  placement_.settled(plan);
}

Applied Node::fail(const Error& error) {
  ++totals_.failures;
  last_error_ = error.message();
  retry_ = true;
  log_.error("apply_failed", {{"error", last_error_}});
  attach_wanted();
  return Applied::kFailed;
}

void Node::succeed(LastChange change) {
  if (change.writes == 0) {  // the first state was in force already
    change.when = clock_.system();
    change.took = clock_.steady() - news_since_.value_or(clock_.steady());
  }
  ++totals_.applies;
  totals_.entries += change.entries;
  totals_.writes += change.writes;
  last_error_.clear();
  news_since_.reset();
  log_.info("applied", {{"epoch", std::to_string(epoch())},
                        {"what", change.what},
                        {"entries", std::to_string(change.entries)},
                        {"writes", std::to_string(change.writes)},
                        {"milliseconds", fmt::format("{:.1f}", change.took.count() * 1e3)},
                        {"endpoints", std::to_string(image().endpoints.size())}});
  last_change_ = std::move(change);
}

std::string Node::pod_of(const net::Ip& address) {
  if (!owners_) owners_.emplace(pods_);
  const model::Pod* pod = owners_->owner(address);
  return pod ? pod->name.to_text() : "";
}

}  // namespace sluice::control
