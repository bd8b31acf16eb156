#include "agent/convert/acceptance.h"

#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/convert/cilium.h"
#include "agent/convert/kinds.h"

namespace sluice::convert {

namespace decode = source::decode;
using model::Change;
using model::Object;
using model::ObjectId;

namespace {

constexpr Form kAcceptedForm{true, kAcceptedPriority};

bool is_number_after(std::string_view text, std::string_view start) {
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  return text.find_first_not_of("-0123456789") == text.npos;
}

// A ClusterNetworkPolicy of somebody's, among what is made.
bool is_late(const Change& change) {
  const auto* object = std::get_if<Object>(&change.what);
  const auto* policy = object == nullptr ? nullptr : std::get_if<model::ClusterNetworkPolicy>(object);
  return policy != nullptr && policy->tier == model::Tier::kAdmin && policy->priority >= kAcceptedPriority;
}

const ObjectId& id_of_pass() {
  static const ObjectId id = model::id_of(Object(cilium_pass(kAcceptedForm)));
  return id;
}

const source::decode::ForeignId& maker_of_pass() {
  static const source::decode::ForeignId id{"", {}};
  return id;
}

ForeignObject object_of(const source::decode::ForeignObject& object) {
  const std::string group(decode::group_of(object.api_version));
  return {group, object.api_version.substr(group.empty() ? 0 : group.size() + 1), object.id.kind,
          object.id.name, object.document->root()};
}

}  // namespace

bool is_kept_name(const ObjectId& id) {
  if (id.kind != model::Kind::kNetworkPolicy && id.kind != model::Kind::kClusterNetworkPolicy) return false;
  for (const std::string_view start : {kCiliumNames, kCiliumClusterwideNames}) {
    const size_t dot = start.find('.'), first = id.name.name.find('.');
    if (first == std::string::npos) continue;
    const std::string_view name = id.name.name;
    if (is_number_after(name.substr(0, first), start.substr(0, dot)) &&
        name.substr(first).starts_with(start.substr(dot)))
      return true;
  }
  return false;
}

// What is known of the cluster beside policies. Of pods, of which there may be many, that is who they are; and the addresses
// of those that stray: whose address is in none of the prefixes that were said to be all.
class Acceptance::Surroundings {
 public:
  explicit Surroundings(std::vector<net::Cidr> said) : said_(std::move(said)) {}

  void apply(const Change& change) {
    const ObjectId id = change.id();
    if (id.kind == model::Kind::kPod) {
      is_old_ |= apply_pod(change, id.name);
    } else if (id.kind == model::Kind::kNamespace || id.kind == model::Kind::kNode) {
      known_.apply(change);
      is_old_ = true;
    }
  }

  // Is anything else known since this was asked last?
  bool renew() {
    if (!std::exchange(is_old_, false)) return false;
    Input input;
    input.cluster = known_;
    for (const auto& [ns, names] : pods_) {
      model::Pod one;
      one.name = {ns, *names.begin()};
      if (!known_.namespaces.contains({"", ns})) input.cluster.pods.try_emplace(one.name, one);
    }
    cluster_ = cluster_of(input, said_);
    cluster_.is_whole = true;
    return true;
  }
  const Cluster& cluster() const { return cluster_; }

 private:
  // Does it say something new: of which namespaces there are, or of who strays?
  bool apply_pod(const Change& change, const model::ObjectName& name) {
    const bool was_empty = !pods_.contains(name.ns);
    std::set<std::string>& names = pods_[name.ns];
    if (change.is_removal())
      names.erase(name.name);
    else
      names.insert(name.name);
    const bool is_empty = names.empty();
    if (is_empty) pods_.erase(name.ns);
    const bool counts = was_empty != is_empty && !known_.namespaces.contains({"", name.ns});
    return note_stray(change, name) || counts;
  }

  bool note_stray(const Change& change, const model::ObjectName& name) {
    const auto* object = std::get_if<Object>(&change.what);
    model::Pod pod;
    pod.name = name;
    if (object != nullptr && std::get<model::Pod>(*object).takes_part())
      pod.ips = std::get<model::Pod>(*object).ips;
    const auto known = known_.pods.find(name);
    if (!strays(pod)) return known != known_.pods.end() && known_.pods.erase(name) > 0;
    if (known != known_.pods.end() && known->second == pod) return false;
    known_.pods.insert_or_assign(name, std::move(pod));
    return true;
  }

  // Where nothing was said, no pod says more.
  bool strays(const model::Pod& pod) const {
    return !said_.empty() && std::any_of(pod.ips.begin(), pod.ips.end(), [&](const net::Ip& ip) {
      return std::none_of(said_.begin(), said_.end(),
                          [&](const net::Cidr& cidr) { return cidr.contains(ip); });
    });
  }

  const std::vector<net::Cidr> said_;
  model::Cluster known_;                               // Namespaces, Nodes, pods that stray
  std::map<std::string, std::set<std::string>> pods_;  // all, by namespace
  Cluster cluster_;
  bool is_old_ = true;
};

Acceptance::Acceptance(std::vector<net::Cidr> cluster)
    : surroundings_(std::make_unique<Surroundings>(std::move(cluster))) {}

Acceptance::~Acceptance() = default;

source::decode::ForeignKind Acceptance::read_kind(const std::string& api_version,
                                                  const std::string& kind) const {
  const decode::TypeMeta type{api_version, kind};
  if (is_of_dialect(type, Dialect::kCilium)) return {true, type.kind != kCiliumClusterwide, {}};
  return {false, false, near_dialect_fault(type, Dialect::kCilium)};
}

std::vector<source::decode::ForeignResource> Acceptance::resources() const {
  return {{std::string(kCilium), "cilium.io/v2", "/apis/cilium.io/v2/ciliumnetworkpolicies"},
          {std::string(kCiliumClusterwide), "cilium.io/v2",
           "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies"}};
}

void Acceptance::convert(Accepted& accepted) const {
  const ForeignObject object = object_of(accepted.object);
  const Cluster& cluster = surroundings_->cluster();
  const source::Place& place = accepted.object.place;
  const auto line = [&](const std::string& text) {
    return source::Finding{place, std::nullopt, "", base::one_line(text)};
  };
  Output output(kAcceptedForm);
  accepted.reaches_outside = convert_cilium_object(object, cluster, output);
  Conversion conversion = std::move(output).conversion();
  accepted.problems.clear();
  accepted.warnings.clear();
  const bool holds = conversion.holds(true);
  if (!holds) {
    Output closed(kAcceptedForm);
    const bool closes = close_cilium_object(object, cluster, conversion.problems.empty(), closed);
    const std::string meanwhile = closes ? "; meanwhile what it selects is closed" : "; it is not in force";
    for (std::string& problem : conversion.problems)
      accepted.problems.push_back(line(std::move(problem) + meanwhile));
    for (const Loss& loss : conversion.losses)
      if (loss.opens) accepted.problems.push_back(line(loss.to_text() + meanwhile));
    accepted.reaches_outside = false;
    accepted.made = std::move(closed).conversion().objects;
    return;
  }
  for (const Loss& loss : conversion.losses) accepted.warnings.push_back(line(loss.to_text()));
  for (const std::string& remark : conversion.remarks) accepted.warnings.push_back(line(remark));
  accepted.made = std::move(conversion.objects);
}

void Acceptance::withdraw(const ForeignId& id, const Accepted& accepted, Ids& touched) {
  for (const Object& object : accepted.made) {
    const ObjectId made = model::id_of(object);
    touched.insert(made);
    made_[made].erase(id);
    if (made_[made].empty()) made_.erase(made);
  }
  outside_ -= accepted.reaches_outside;
}

void Acceptance::put(const ForeignId& id, const Accepted& accepted, Ids& touched) {
  for (const Object& object : accepted.made) {
    touched.insert(model::id_of(object));
    made_[model::id_of(object)].insert_or_assign(id, object);
  }
  outside_ += accepted.reaches_outside;
}

void Acceptance::convert_again(const ForeignId& id, Accepted& accepted, Ids& touched) {
  withdraw(id, accepted, touched);
  convert(accepted);
  put(id, accepted, touched);
}

const Object* Acceptance::holds(const ObjectId& id) const {
  if (const auto made = made_.find(id); made != made_.end()) return &made->second.begin()->second;
  const auto own = own_.find(id);
  return own == own_.end() ? nullptr : &own->second;
}

std::vector<Change> Acceptance::apply(std::vector<Change> own,
                                      const std::vector<source::decode::ForeignChange>& foreign) {
  Ids touched;
  for (const Change& change : own) {
    surroundings_->apply(change);
    const ObjectId id = change.id();
    const bool was_late = own_late_.erase(id) > 0, late = is_late(change);
    if (late) own_late_.insert(id);
    remarks_version_ += was_late || late || is_kept_name(id);
    if (!is_kept_name(id)) continue;
    touched.insert(id);
    if (change.is_removal())
      own_.erase(id);
    else
      own_.insert_or_assign(id, std::get<Object>(change.what));
  }
  std::erase_if(own, [](const Change& change) { return is_kept_name(change.id()); });
  const bool all = surroundings_->renew();
  remarks_version_ += all || !foreign.empty();
  Ids* const ids = &touched;
  std::set<ForeignId> converted;
  for (const source::decode::ForeignChange& change : foreign) {
    if (const auto old = accepted_.find(change.id); old != accepted_.end()) {
      withdraw(change.id, old->second, *ids);
      accepted_.erase(old);
    }
    if (!change.object) continue;
    Accepted& accepted = accepted_[change.id];
    accepted.object = *change.object;
    convert(accepted);
    put(change.id, accepted, *ids);
    converted.insert(change.id);
  }
  if (all)
    for (auto& [id, accepted] : accepted_)
      if (!converted.contains(id)) convert_again(id, accepted, touched);
  touched.insert(id_of_pass());
  if (outside_ > 0)
    made_[id_of_pass()].try_emplace(maker_of_pass(), cilium_pass(kAcceptedForm));
  else
    made_.erase(id_of_pass());
  note_in_force(touched, own);
  std::stable_sort(own.begin(), own.end(),
                   [](const Change& one, const Change& other) { return one.id() < other.id(); });
  return own;
}

void Acceptance::note_in_force(const Ids& touched, std::vector<Change>& changes) {
  for (const ObjectId& id : touched) {
    const Object* now = holds(id);
    const auto before = in_force_.find(id);
    if (now == nullptr && before != in_force_.end()) {
      changes.push_back(Change::remove(id));
      in_force_.erase(before);
    } else if (now != nullptr && (before == in_force_.end() || before->second != *now)) {
      changes.push_back(Change::upsert(*now));
      in_force_.insert_or_assign(id, *now);
    }
  }
}

std::vector<source::Problem> Acceptance::problems() const {
  std::vector<source::Problem> all;
  for (const auto& [id, accepted] : accepted_)
    all.insert(all.end(), accepted.problems.begin(), accepted.problems.end());
  for (const auto& [id, makers] : made_) {
    if (own_.contains(id))
      all.push_back({{},
                     id,
                     "metadata.name",
                     "is kept for what --accept-cilium makes, which counts: give it another name"});
    for (auto maker = std::next(makers.begin()); maker != makers.end(); ++maker)
      all.push_back({accepted_.at(maker->first).object.place, std::nullopt, "",
                     base::one_line(maker->first.to_text() + ": becomes " + id.to_text() + ", as " +
                                    makers.begin()->first.to_text() + " does: give it a shorter name")});
  }
  return all;
}

std::vector<source::Warning> Acceptance::warnings() const {
  std::vector<source::Warning> all;
  for (const auto& [id, accepted] : accepted_)
    all.insert(all.end(), accepted.warnings.begin(), accepted.warnings.end());
  for (const ObjectId& id : own_late_)
    all.push_back({{},
                   id,
                   "spec.priority",
                   "from " + std::to_string(kAcceptedPriority) +
                       " on stands what --accept-cilium makes: write a lower one to come before it"});
  return all;
}

std::vector<std::pair<ObjectId, const source::decode::ForeignObject*>> Acceptance::made() const {
  std::vector<std::pair<ObjectId, const source::decode::ForeignObject*>> all;
  for (const auto& [id, makers] : made_)
    if (const auto of = accepted_.find(makers.begin()->first); of != accepted_.end())
      all.emplace_back(id, &of->second.object);
  return all;
}

}  // namespace sluice::convert
