#include "agent/node/inputs.h"

#include <algorithm>

namespace sluice::node {
namespace {

// What matching looks at; the rest would be memory for nothing.
model::Pod matched_part(const model::Pod& pod) {
  model::Pod part = pod;
  part.ready = true;
  part.labels.clear();
  part.ports.clear();
  part.source_prefixes.clear();
  part.flows = 0;
  part.observe_allowed = false;
  return part;
}

std::string count_text(size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

void Inputs::set_objects(ObjectNews news, const model::Cluster& compiled,
                         const std::vector<endpoint::LocalPod>& here) {
  for (model::Change& change : news.changes) change = overlay_.apply(std::move(change));
  first_objects_ = first_objects_ || (news.complete && !objects_complete_);
  objects_complete_ = objects_complete_ || news.complete;
  add(std::exchange(news.changes, {}), compiled, here);
  news_ = std::move(news);
}

void Inputs::change_objects(std::vector<model::Change> changes, const model::Cluster& compiled,
                            const std::vector<endpoint::LocalPod>& here) {
  for (model::Change& change : changes) change = overlay_.apply(std::move(change));
  add(std::move(changes), compiled, here);
}

std::optional<endpoint::Discovery> Inputs::set_announced(Announced announced, const model::Cluster& compiled,
                                                         const std::vector<endpoint::LocalPod>& here) {
  announced_ = std::move(announced);
  add(overlay_.set_announced(announced_), compiled, here);
  discovery_changed_ = true;  // whom an interface is held for may have changed, though nothing else has
  return note_discovery();
}

std::optional<endpoint::Discovery> Inputs::set_discovery(endpoint::Discovery discovery) {
  discovered_here_ = std::move(discovery);
  if (!discovered_) discovery_changed_ = true;
  discovered_ = true;
  return note_discovery();
}

void Inputs::set_node_addresses(std::vector<net::Ip> addresses) {
  addressed_ = true;
  new_addresses_ = std::move(addresses);
}

void Inputs::add(std::vector<model::Change> changes, const model::Cluster& compiled,
                 const std::vector<endpoint::LocalPod>& here) {
  std::set<model::ObjectId> waiting;  // of what is compiled, what is no longer as it is there
  for (const model::Change& change : changes_)
    if (compiled.knows(change.id())) waiting.insert(change.id());
  for (model::Change& change : changes) {
    const model::ObjectId id = change.id();
    const bool known = compiled.knows(id);
    if (known && !change.is_removal() && !waiting.contains(id) && compiled.holds(std::get<0>(change.what)))
      continue;
    if (known) waiting.insert(id);
    if (id.kind == model::Kind::kNode && id.name.name == node_name_) add_node(change);
    if (id.kind == model::Kind::kPod) add_pod(change, here);
    changes_.push_back(std::move(change));
  }
}

// Matching is done again only for a pod that is here (found or kept), that is to be here, or that has an address of
// something here: no other pod changes who is here. Most pods of a cluster are none of these, and most changes of those
// that are leave matched_part() as it is.
void Inputs::add_pod(const model::Change& change, const std::vector<endpoint::LocalPod>& here) {
  const model::Change part =
      change.is_removal()
          ? change
          : model::Change::upsert(matched_part(std::get<model::Pod>(std::get<0>(change.what))));
  if (!part.is_removal() && pods_.holds(std::get<0>(part.what))) return;
  const auto concerns_us = [&] {
    if (std::ranges::binary_search(here, change.id().name, {}, &endpoint::LocalPod::name)) return true;
    const auto pod = pods_.pods.find(change.id().name);
    if (pod == pods_.pods.end()) return false;
    return pod->second.node_name == node_name_ ||
           std::ranges::any_of(pod->second.ips,
                               [&](const net::Ip& ip) { return addresses_here_.contains(ip); });
  };
  pods_changed_ = pods_changed_ || concerns_us();
  pods_.apply(part);
  pods_changed_ = pods_changed_ || concerns_us();
  owners_.reset();
}

void Inputs::add_node(const model::Change& change) {
  pod_cidrs_.clear();
  if (!change.is_removal()) pod_cidrs_ = std::get<model::Node>(std::get<0>(change.what)).pod_cidrs;
  pods_changed_ = true;
}

std::optional<endpoint::Discovery> Inputs::note_discovery() {
  auto now = with_announced(discovered_here_, announced_);
  if (now == discovery_) return std::nullopt;
  discovery_changed_ = true;
  auto before = std::exchange(discovery_, std::move(now));
  addresses_here_.clear();
  for (const auto& found : discovery_.found)
    addresses_here_.insert(found.addresses.begin(), found.addresses.end());
  return before;
}

bool Inputs::changed() const {
  return first_objects_ || discovery_changed_ || !changes_.empty() || new_addresses_.has_value();
}

std::string Inputs::describe_change() const {
  std::string text;
  auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (!changes_.empty()) add(count_text(changes_.size(), "object"));
  if (discovery_changed_) add("endpoints");
  if (new_addresses_) add("node addresses");
  return text;
}

Inputs::Change Inputs::drain() {
  first_objects_ = false;
  const bool pods = std::exchange(pods_changed_, false), found = std::exchange(discovery_changed_, false);
  return {std::exchange(changes_, {}), pods || found, std::exchange(new_addresses_, std::nullopt)};
}

std::string Inputs::pod_of(const net::Ip& address) {
  if (!owners_) owners_.emplace(pods_);
  const model::Pod* pod = owners_->owner(address);
  return pod ? pod->name.to_text() : "";
}

}  // namespace sluice::node
