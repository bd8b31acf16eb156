#include "agent/model/objects.h"

#include <algorithm>

namespace sluice::model {
namespace {

bool holds(const Requirement& requirement, const Labels& labels) {
  auto label = labels.find(requirement.key);
  bool present = label != labels.end();
  bool listed =
      present && std::binary_search(requirement.values.begin(), requirement.values.end(), label->second);
  switch (requirement.op) {
    case Operator::kIn:
      return listed;
    case Operator::kNotIn:
      return !listed;  // also where the key is missing (metav1.LabelSelectorRequirement)
    case Operator::kExists:
      return present;
    case Operator::kDoesNotExist:
      return !present;
  }
  return false;
}

}  // namespace

bool IpBlock::contains(const net::Ip& ip) const {
  return cidr.contains(ip) &&
         std::none_of(except.begin(), except.end(), [&](const net::Cidr& hole) { return hole.contains(ip); });
}

bool matches(const LabelSelector& selector, const Labels& labels) {
  return std::all_of(selector.requirements.begin(), selector.requirements.end(),
                     [&](const Requirement& r) { return holds(r, labels); });
}

}  // namespace sluice::model
