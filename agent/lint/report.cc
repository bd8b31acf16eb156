#include "agent/lint/report.h"

#include <algorithm>
#include <tuple>

#include "agent/base/excerpt.h"
#include "agent/lint/ignore.h"
#include "agent/model/workloads.h"

namespace sluice::lint {
namespace {

using model::Direction;
using model::ObjectName;
using source::WrittenObject;

constexpr char kPolicyKind[] = "NetworkPolicy";

// "Deployment", {"shop", "web"} of the pod shop/deployment/web.
std::pair<std::string, ObjectName> kind_and_name(const model::Pod& pod) {
  for (const model::WorkloadKind& kind : model::kWorkloadKinds) {
    const std::string prefix = std::string(kind.name) + "/";
    if (pod.name.name.starts_with(prefix))
      return {std::string(kind.kind), {pod.name.ns, pod.name.name.substr(prefix.size())}};
  }
  return {"Pod", pod.name};
}

auto order_of(const Finding& finding) {
  return std::tie(finding.file, finding.line, finding.rule, finding.object, finding.field, finding.message);
}

}  // namespace

std::string path_of(Direction direction) {
  return "spec." + std::string(model::to_text(direction));
}
std::string path_of(Direction direction, size_t rule) {
  return path_of(direction) + "[" + std::to_string(rule) + "]";
}
std::string path_of_peers(Direction direction, size_t rule) {
  return path_of(direction, rule) + (direction == Direction::kIngress ? ".from" : ".to");
}
std::string path_of_peer(Direction direction, size_t rule, size_t peer) {
  return path_of_peers(direction, rule) + "[" + std::to_string(peer) + "]";
}
std::string path_of_port(Direction direction, size_t rule, size_t port) {
  return path_of(direction, rule) + ".ports[" + std::to_string(port) + "]";
}

Report::Report(const std::vector<WrittenObject>& written) {
  for (const WrittenObject& object : written) {
    if (!is_unknown_policy_kind(object)) written_[{object.kind, object.name}] = &object;
    if (!object.lint_ignore.empty()) annotated_.push_back(&object);
  }
}

const WrittenObject* Report::written(const std::string& kind, const ObjectName& name) const {
  const auto found = written_.find({kind, name});
  return found == written_.end() ? nullptr : found->second;
}

const WrittenObject* Report::written(const model::Pod& pod) const {
  const auto [kind, name] = kind_and_name(pod);
  return written(kind, name);
}

void Report::add(Rule rule, const WrittenObject* object, const std::string& called, const std::string& field,
                 Said said) {
  Finding finding{rule, called, field, {}, 0, std::move(said.message), std::move(said.mend)};
  if (object != nullptr) {
    const auto line = object->lines.find(field);
    finding.file = object->place.origin;
    finding.line = line == object->lines.end() ? object->place.line : line->second;
  }
  found_.push_back({std::move(finding), object});
}

void Report::add(Rule rule, const model::NetworkPolicy& policy, const std::string& field, Said said) {
  add(rule, written(kPolicyKind, policy.name), std::string(kPolicyKind) + " " + policy.name.to_text(), field,
      std::move(said));
}

void Report::add(Rule rule, const model::ClusterNetworkPolicy& policy, const std::string& field, Said said) {
  const std::string kind(model::to_text(model::Kind::kClusterNetworkPolicy));
  add(rule, written(kind, policy.name), kind + " " + policy.name.name, field, std::move(said));
}

void Report::add(Rule rule, const model::Pod& pod, Said said) {
  const auto [kind, name] = kind_and_name(pod);
  add(rule, written(kind, name), kind + " " + name.to_text(), "", std::move(said));
}

void Report::add_namespace(Rule rule, const std::string& ns, const model::Pod& instead, Said said) {
  const WrittenObject* object = written("Namespace", {"", ns});
  add(rule, object, "Namespace " + ns, "", std::move(said));
  const WrittenObject* place = object != nullptr ? object : written(instead);
  if (place == nullptr) return;
  found_.back().finding.file = place->place.origin;
  found_.back().finding.line = place->place.line;
}

void Report::add(Rule rule, const WrittenObject& object, Said said) {
  const std::string name = object.name.name.empty() ? "" : " " + object.name.to_text();
  add(rule, &object, base::one_line(object.kind + name), "", std::move(said));
}

Outcome Report::take() {
  Outcome outcome;
  std::map<const WrittenObject*, Ignored> ignored;
  for (const WrittenObject* object : annotated_) ignored[object] = ignored_by(*object, outcome.warnings);
  for (Found& found : found_) {
    const auto asks = ignored.find(found.object);
    if (asks == ignored.end() || !asks->second.contains(found.finding.rule))
      outcome.findings.push_back(std::move(found.finding));
  }
  std::sort(outcome.findings.begin(), outcome.findings.end(),
            [](const Finding& a, const Finding& b) { return order_of(a) < order_of(b); });
  std::sort(outcome.warnings.begin(), outcome.warnings.end());
  return outcome;
}

}  // namespace sluice::lint
