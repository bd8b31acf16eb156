// metav1.LabelSelector (semantics 10). Strict: a selector in which something is not known would select something else.
#include <array>

#include "agent/base/excerpt.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::source::decode {
namespace {

using model::Operator;
using model::Requirement;

Operator decode_operator(const Field& field) {
  static constexpr std::array<std::pair<std::string_view, Operator>, 4> kOperators = {
      {{"In", Operator::kIn},
       {"NotIn", Operator::kNotIn},
       {"Exists", Operator::kExists},
       {"DoesNotExist", Operator::kDoesNotExist}}};
  std::string text = field.text();
  for (const auto& [name, op] : kOperators)
    if (name == text) return op;
  field.fail(base::excerpt(text) + " is not an operator: use In, NotIn, Exists or DoesNotExist");
  return Operator::kIn;
}

Requirement decode_requirement(const Field& field) {
  field.allow_only({"key", "operator", "values"});
  Requirement requirement;
  Field key = field.get("key"), values = field.get("values");
  requirement.key = key.required_text();
  key.check(requirement.key, label_key_fault(requirement.key));
  requirement.op = decode_operator(field.get("operator"));
  values.each([&](const Field& value) {
    requirement.values.push_back(value.text());
    value.check(requirement.values.back(), label_value_fault(requirement.values.back()));
  });
  make_set(requirement.values);
  bool wants_values = requirement.op == Operator::kIn || requirement.op == Operator::kNotIn;
  if (wants_values && requirement.values.empty())
    values.fail("is empty: In and NotIn need at least one value");
  if (!wants_values && !requirement.values.empty())
    values.fail("must be absent: Exists and DoesNotExist take no values");
  return requirement;
}

}  // namespace

model::LabelSelector decode_selector(const Field& field) {
  field.allow_only({"matchLabels", "matchExpressions"});
  model::LabelSelector selector;
  for (auto& [key, value] : decode_labels(field.get("matchLabels")))
    selector.requirements.push_back({key, Operator::kIn, {value}});
  field.get("matchExpressions").each([&](const Field& expression) {
    selector.requirements.push_back(decode_requirement(expression));
  });
  make_set(selector.requirements.edit());
  return selector;
}

}  // namespace sluice::source::decode
