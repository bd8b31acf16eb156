// Selectors of endpoints: label selectors whose keys may name a source ("k8s:app") and what Cilium adds to a pod's labels.
#include "agent/base/excerpt.h"
#include "agent/convert/cilium.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;
using model::Operator;
using model::Requirement;

constexpr std::string_view kPodNamespace = "io.kubernetes.pod.namespace";
constexpr std::string_view kNamespaceLabels = "io.cilium.k8s.namespace.labels.";
constexpr std::string_view kOfCilium = "io.cilium.k8s.policy.";

class SelectorReader {
 public:
  SelectorReader(const Scope& scope, bool subject) : scope_(scope), subject_(subject) {}

  void add(const Field& field, std::string_view key, Operator op, std::vector<std::string> values) {
    if (const size_t colon = key.find(':'); colon != key.npos) {
      const std::string_view source = key.substr(0, colon);
      if (source != "k8s" && source != "any") return refuse("labels of source " + base::excerpt(source));
      key.remove_prefix(colon + 1);
    }
    if (key.starts_with(kOfCilium)) return refuse("the label " + base::excerpt(key));
    decode::make_set(values);
    if (key == kPodNamespace) return name_namespace(field, op, std::move(values));
    if (key.starts_with(kNamespaceLabels)) {
      if (!scope_.ns.empty()) return refuse("labels of namespaces, in a policy of one namespace,");
      key.remove_prefix(kNamespaceLabels.size());
      field.check(key, decode::label_key_fault(key));
      return peer_.namespaces.requirements.push_back({std::string(key), op, std::move(values)});
    }
    field.check(key, decode::label_key_fault(key));
    peer_.pods.requirements.push_back({std::string(key), op, std::move(values)});
  }

  std::string why_not() const { return why_not_; }
  model::PodsPeer peer() {
    if (!scope_.ns.empty() && (subject_ || !names_namespace_))
      peer_.namespaces.requirements = {{model::kNamespaceNameLabel, Operator::kIn, {scope_.ns}}};
    decode::make_set(peer_.namespaces.requirements.edit());
    decode::make_set(peer_.pods.requirements.edit());
    return peer_;
  }

 private:
  void refuse(const std::string& what) { why_not_ = what + " cannot be selected"; }
  void name_namespace(const Field& field, Operator op, std::vector<std::string> values) {
    names_namespace_ = true;
    if (subject_ && !scope_.ns.empty() && (op != Operator::kIn || values != std::vector{scope_.ns}))
      field.fail("names a namespace, and this policy selects pods of its own: leave it out");
    peer_.namespaces.requirements.push_back({model::kNamespaceNameLabel, op, std::move(values)});
  }

  const Scope& scope_;
  const bool subject_;
  model::PodsPeer peer_;
  bool names_namespace_ = false;
  std::string why_not_;
};

Operator read_operator(const Field& field) {
  static constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"In", Operator::kIn},
      {"NotIn", Operator::kNotIn},
      {"Exists", Operator::kExists},
      {"DoesNotExist", Operator::kDoesNotExist}};
  const std::string text = field.required_text();
  for (const auto& [name, op] : kOperators)
    if (name == text) return op;
  field.fail(base::excerpt(text) + " is not an operator: use In, NotIn, Exists or DoesNotExist");
  return Operator::kIn;
}

void read_expression(const Field& field, SelectorReader& reader) {
  field.allow_only({"key", "operator", "values"});
  const Operator op = read_operator(field.get("operator"));
  std::vector<std::string> values;
  field.get("values").each([&](const Field& value) {
    values.push_back(value.text());
    value.check(values.back(), decode::label_value_fault(values.back()));
  });
  const bool wants = op == Operator::kIn || op == Operator::kNotIn;
  if (wants == values.empty())
    field.get("values").fail(wants ? "is empty: In and NotIn need at least one value"
                                   : "must be absent: Exists and DoesNotExist take no values");
  reader.add(field.get("key"), field.get("key").required_text(), op, std::move(values));
}

}  // namespace

void Scope::lose(const Field& field, std::string_view what, bool allow) const {
  output.lose(
      {object, field.path(), std::string(what),
       allow ? "left out, which allows less" : "to leave it out would allow more: take it out of the input",
       !allow});
}

std::optional<model::PodsPeer> read_endpoint_selector(const Scope& scope, const Field& field, bool subject,
                                                      bool allow) {
  field.allow_only({"matchLabels", "matchExpressions"});
  SelectorReader reader(scope, subject);
  field.get("matchLabels").entries([&](std::string_view key, const Field& value) {
    const std::string text = value.text();
    value.check(text, decode::label_value_fault(text));
    reader.add(value, key, Operator::kIn, {text});
  });
  field.get("matchExpressions").each([&](const Field& item) { read_expression(item, reader); });
  if (reader.why_not().empty()) return reader.peer();
  scope.lose(field, reader.why_not(), allow);
  return std::nullopt;
}

}  // namespace sluice::convert
