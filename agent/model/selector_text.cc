#include "agent/model/selector_text.h"

namespace sluice::model {
namespace {

std::string in_brackets(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + value;
  return "(" + text + ")";
}

}  // namespace

std::string to_text(const Requirement& requirement) {
  switch (requirement.op) {
    case Operator::kIn:
      if (requirement.values.size() == 1) return requirement.key + "=" + requirement.values[0];
      return requirement.key + " in " + in_brackets(requirement.values);
    case Operator::kNotIn:
      if (requirement.values.size() == 1) return requirement.key + "!=" + requirement.values[0];
      return requirement.key + " notin " + in_brackets(requirement.values);
    case Operator::kExists:
      return requirement.key;
    case Operator::kDoesNotExist:
      return "!" + requirement.key;
  }
  return {};
}

std::string to_text(const LabelSelector& selector) {
  std::string text;
  for (const Requirement& requirement : selector.requirements)
    text += (text.empty() ? "" : ",") + to_text(requirement);
  return text;
}

}  // namespace sluice::model
