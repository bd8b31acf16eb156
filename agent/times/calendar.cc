#include "agent/times/calendar.h"

#include <algorithm>

#include "agent/times/hours.h"
#include "agent/times/parse.h"

namespace sluice::times {

using model::Change;

std::vector<Change> Calendar::admit(std::vector<Change> changes, Instant now) {
  std::vector<Change> admitted = turn(now);
  admitted.reserve(admitted.size() + changes.size());
  for (Change& change : changes)
    if (auto one = admit_one(std::move(change), now)) admitted.push_back(*std::move(one));
  return admitted;
}

std::optional<Change> Calendar::admit_one(Change change, Instant now) {
  const model::ObjectId id = change.id();
  if (id.kind != model::Kind::kNetworkPolicy && id.kind != model::Kind::kClusterNetworkPolicy) return change;
  unread_.erase(id);
  if (!change.is_removal() && hours_of(std::get<0>(change.what)) != nullptr)
    return take(id, std::get<0>(std::move(change.what)), now);
  const auto known = entries_.extract(id);
  const bool kept_back = !known.empty() && !known.mapped().active;
  if (change.is_removal() && kept_back) return std::nullopt;
  return change;
}

std::optional<Change> Calendar::take(const model::ObjectId& id, model::Object policy, Instant now) {
  auto schedule = parse(*hours_of(policy));
  const auto before = entries_.extract(id);
  if (!schedule) {
    unread_[id] = schedule.error().message();
    return Change::upsert(std::move(policy));
  }
  const bool kept_back = !before.empty() && !before.mapped().active;
  const bool active = is_active(*schedule, now);
  auto next = next_edge(*schedule, now);
  entries_.emplace(id, Entry{policy, *std::move(schedule), active, next});
  if (active) return Change::upsert(std::move(policy));
  return kept_back ? std::nullopt : std::optional(Change::remove(id));
}

std::vector<Change> Calendar::turn(Instant now) {
  const bool set_back = seen_ && now < *seen_;
  seen_ = now;
  std::vector<Change> changes;
  for (auto& [id, entry] : entries_) {
    if (!set_back && (!entry.next || now < entry.next->at)) continue;
    const bool active = is_active(entry.schedule, now);
    entry.next = next_edge(entry.schedule, now);
    if (std::exchange(entry.active, active) == active) continue;
    changes.push_back(active ? Change::upsert(entry.policy) : Change::remove(id));
  }
  return changes;
}

std::optional<Instant> Calendar::next() const {
  std::optional<Instant> first;
  for (const auto& [id, entry] : entries_)
    if (entry.next && (!first || entry.next->at < *first)) first = entry.next->at;
  return first;
}

std::optional<Calendar::Switch> Calendar::next_switch() const {
  std::optional<Switch> first;
  for (const auto& [id, entry] : entries_)
    if (entry.next && entry.next->changes && (!first || entry.next->at < first->at))
      first = Switch{id, entry.next->at, !entry.active};
  return first;
}

size_t Calendar::outside() const {
  return static_cast<size_t>(
      std::ranges::count_if(entries_, [](const auto& entry) { return !entry.second.active; }));
}

}  // namespace sluice::times
