#include "agent/lint/words.h"

#include <algorithm>

#include "agent/base/edit_distance.h"
#include "agent/model/selector_text.h"

namespace sluice::lint {
namespace {

using model::LabelSelector;
using model::Operator;
using model::Requirement;

constexpr size_t kMostCompared = 200;  // labels that one is compared with

// The nearest of the keys of a map; empty: none is near.
template <typename Map>
std::string nearest_key(const std::string& wanted, const Map& there) {
  std::string best;
  size_t least = 1 + std::max<size_t>(1, wanted.size() / 3);  // more is another word
  size_t compared = 0;
  for (const auto& [key, unused] : there) {
    const size_t apart = std::max(key.size(), wanted.size()) - std::min(key.size(), wanted.size());
    if (apart >= least) continue;
    if (++compared > kMostCompared) break;
    if (const size_t distance = base::edit_distance(wanted, key); distance < least) {
      least = distance;
      best = key;
    }
  }
  return best;
}

bool has_it(const Requirement& wanted, const LabelCounts& there) {
  const auto key = there.find(wanted.key);
  if (key == there.end()) return false;
  return wanted.op == Operator::kExists ||
         std::any_of(wanted.values.begin(), wanted.values.end(),
                     [&](const std::string& value) { return key->second.contains(value); });
}

}  // namespace

std::string selector_text(const LabelSelector& selector) {
  const std::string text = model::to_text(selector);
  return text.empty() ? "everything" : text;
}

std::string listed(const std::vector<std::string>& names, size_t count) {
  std::string text;
  const size_t shown = std::min({names.size(), kMostNames, count});
  for (size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == shown && shown == count;
    text += (i == 0 ? "" : last ? " and " : ", ") + names[i];
  }
  return text + (shown < count ? " and " + std::to_string(count - shown) + " more" : "");
}

std::string names_of(const Pods& pods, const std::vector<uint32_t>& which) {
  std::vector<std::string> names;
  for (size_t i = 0; i < which.size() && i < kMostNames; ++i)
    names.push_back(pods.at(which[i]).name.to_text());
  return listed(names, which.size());
}

std::string counted(size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string nearest_label(const Requirement& wanted, const LabelCounts& there) {
  const auto same_key = there.find(wanted.key);
  const std::string key = same_key != there.end() ? wanted.key : nearest_key(wanted.key, there);
  if (key.empty()) return {};
  const auto& values = there.at(key);
  if (wanted.op == Operator::kIn)
    for (const std::string& value : wanted.values) {
      if (values.contains(value))
        return model::to_text(Requirement{key, Operator::kIn, {value}}) + " is there";
      if (const std::string near = nearest_key(value, values); !near.empty())
        return "the nearest that is there is " + model::to_text(Requirement{key, Operator::kIn, {near}});
    }
  std::vector<std::string> some;
  for (const auto& [value, unused] : values) {
    some.push_back(value);
    if (some.size() == kMostNames) break;
  }
  return key + " is there with " + listed(some, values.size());
}

std::vector<Requirement> unmet(const LabelSelector& selector, const LabelCounts& there) {
  std::vector<Requirement> unmet;
  for (const Requirement& requirement : selector.requirements) {
    const bool demands = requirement.op == Operator::kIn || requirement.op == Operator::kExists;
    if (demands && !has_it(requirement, there)) unmet.push_back(requirement);
  }
  return unmet;
}

std::string nobody_in(const std::string& ns, const LabelSelector& selector, Pods& pods) {
  if (pods.of_namespace(ns).empty()) return "there is no pod in namespace " + ns;
  const LabelCounts& there = pods.labels_of_pods(ns);
  const std::vector<Requirement> missing = unmet(selector, there);
  if (missing.empty())
    return "no pod of namespace " + ns + " matches " + selector_text(selector) +
           ", though each of its terms is met by some";
  const std::string nearest = nearest_label(missing[0], there);
  return "no pod of namespace " + ns + " has " + selector_text(LabelSelector{missing}) +
         (nearest.empty() ? "" : ": " + nearest);
}

}  // namespace sluice::lint
