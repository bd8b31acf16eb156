#include "agent/source/kube/mirror.h"

#include <algorithm>

#include "agent/source/decode/decode.h"

namespace sluice::source::kube {

namespace {

source::Problem too_large(const model::ObjectId& id, size_t bytes, const std::string& in_force) {
  return {{},
          id,
          "",
          "takes " + std::to_string(bytes) + " bytes, more than the " + std::to_string(kLargestPacked) +
              " that an agent is sent: split it" + (in_force.empty() ? "" : "; " + in_force)};
}

}  // namespace

void Mirror::begin_list(model::Kind kind) {
  ++of(kind).generation;
}

Mirror::Fitting Mirror::fit(const model::Object& object) const {
  std::string packed = pack_(object);
  if (packed.size() <= kLargestPacked) return {std::move(packed), std::nullopt};
  const model::ObjectId id = model::id_of(object);
  const auto* policy = std::get_if<model::NetworkPolicy>(&object);
  const auto* cluster_policy = std::get_if<model::ClusterNetworkPolicy>(&object);
  if (policy == nullptr && cluster_policy == nullptr) return {"", too_large(id, packed.size(), "")};
  source::decode::ClosedPolicy closed = policy != nullptr ? source::decode::without_rules(*policy)
                                                          : source::decode::without_rules(*cluster_policy);
  std::string in_place = pack_(closed.policy);
  if (in_place.size() > kLargestPacked && policy == nullptr) return {"", too_large(id, packed.size(), "")};
  if (in_place.size() > kLargestPacked) {
    closed = source::decode::closed_policy(id.name);
    in_place = pack_(closed.policy);
  }
  return {std::move(in_place), too_large(id, packed.size(), closed.in_force)};
}

void Mirror::upsert(const model::Object& object, Remarks remarks, int64_t observed) {
  const model::ObjectId id = model::id_of(object);
  Fitting fitting = fit(object);
  if (fitting.packed.empty() && fitting.problem) return refuse(id, *std::move(fitting.problem));
  if (fitting.problem) remarks.problems.push_back(*std::move(fitting.problem));
  OfKind& all = of(id.kind);
  remark(id, std::move(remarks));
  auto [entry, added] = all.objects.try_emplace(id.name);
  entry->second.generation = all.generation;
  if (!added && entry->second.packed == fitting.packed) return;
  fitting.packed.shrink_to_fit();
  entry->second.packed = std::move(fitting.packed);
  changed_(id, observed);
  if (heard_) heard_(model::Change::upsert(object), observed);
}

void Mirror::refuse(const model::ObjectId& id, source::Problem problem) {
  OfKind& all = of(id.kind);
  if (auto entry = all.objects.find(id.name); entry != all.objects.end())
    entry->second.generation = all.generation;
  remark(id, {{std::move(problem)}, {}});
}

void Mirror::remark(const model::ObjectId& id, Remarks remarks) {
  OfKind& all = of(id.kind);
  if (remarks == Remarks{}) {
    remarks_version_ += all.remarks.erase(id.name);
    return;
  }
  Remarked& known = all.remarks[id.name];
  known.generation = all.generation;
  if (known.remarks == remarks) return;
  known.remarks = std::move(remarks);
  ++remarks_version_;
}

void Mirror::remove(const model::ObjectId& id, int64_t observed) {
  OfKind& all = of(id.kind);
  remark(id, {});
  if (all.objects.erase(id.name) == 0) return;
  changed_(id, observed);
  if (heard_) heard_(model::Change::remove(id), observed);
}

void Mirror::end_list(model::Kind kind, int64_t observed) {
  OfKind& all = of(kind);
  all.listed = true;
  remarks_version_ +=
      std::erase_if(all.remarks, [&](const auto& one) { return one.second.generation != all.generation; });
  for (auto entry = all.objects.begin(); entry != all.objects.end();) {
    if (entry->second.generation == all.generation) {
      ++entry;
      continue;
    }
    const model::ObjectId id{kind, entry->first};
    entry = all.objects.erase(entry);
    changed_(id, observed);
    if (heard_) heard_(model::Change::remove(id), observed);
  }
}

void Mirror::set_made(const std::vector<model::Change>& changes, int64_t observed) {
  awaits_made_ = false;
  for (const model::Change& change : changes) {
    if (!change.is_removal()) {
      put_made(std::get<model::Object>(change.what), observed);
    } else if (const auto made = made_.find(change.id()); made != made_.end()) {
      remarks_version_ += made->second.problem.has_value();
      made_.erase(made);
      changed_(change.id(), observed);
    }
  }
}

void Mirror::put_made(const model::Object& object, int64_t observed) {
  const model::ObjectId id = model::id_of(object);
  Fitting fitting = fit(object);
  Made& made = made_[id];
  if (made.problem != fitting.problem) ++remarks_version_;
  made.problem = std::move(fitting.problem);
  if (fitting.packed.empty() || fitting.packed == made.packed) return;
  made.packed = std::move(fitting.packed);
  changed_(id, observed);
}

bool Mirror::all_listed() const {
  return std::all_of(kinds_.begin(), kinds_.end(), [](const OfKind& all) { return all.listed; });
}

const std::string* Mirror::packed(const model::ObjectId& id) const {
  if (const auto made = made_.find(id); made != made_.end() && !made->second.packed.empty())
    return &made->second.packed;
  const OfKind& all = of(id.kind);
  const auto entry = all.objects.find(id.name);
  return entry == all.objects.end() ? nullptr : &entry->second.packed;
}

Mirror::Held Mirror::after(const model::ObjectId* last) const {
  auto made = last != nullptr ? made_.upper_bound(*last) : made_.begin();
  while (made != made_.end() && made->second.packed.empty()) ++made;
  for (const model::Kind kind : model::kKinds) {
    if (last != nullptr && kind < last->kind) continue;
    const auto& objects = of(kind).objects;
    const bool inside = last != nullptr && kind == last->kind;
    const auto entry = inside ? objects.upper_bound(last->name) : objects.begin();
    if (entry == objects.end()) continue;
    const model::ObjectId id{kind, entry->first};
    if (made != made_.end() && made->first <= id) break;
    return {id, &entry->second.packed};
  }
  if (made != made_.end()) return {made->first, &made->second.packed};
  return {};
}

Mirror::Findings Mirror::gather(Findings Remarks::*what, size_t most) const {
  Findings found;
  for (const OfKind& all : kinds_)
    for (const auto& [name, known] : all.remarks)
      for (const source::Finding& finding : known.remarks.*what) {
        if (found.size() == most) return found;
        found.push_back(finding);
      }
  if (what == &Remarks::problems)
    for (const auto& [id, made] : made_)
      if (made.problem && found.size() < most) found.push_back(*made.problem);
  return found;
}

size_t Mirror::count(Findings Remarks::*what) const {
  size_t count = 0;
  for (const OfKind& all : kinds_)
    for (const auto& [name, known] : all.remarks) count += (known.remarks.*what).size();
  if (what == &Remarks::problems)
    count += static_cast<size_t>(std::count_if(
        made_.begin(), made_.end(), [](const auto& one) { return one.second.problem.has_value(); }));
  return count;
}

}  // namespace sluice::source::kube
