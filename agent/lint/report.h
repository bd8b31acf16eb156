// Report: findings as they are found, with the place of each field. Private to agent/lint; one thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/lint/lint.h"

namespace sluice::lint {

struct Said {
  std::string message, mend;
};

class Report {
 public:
  explicit Report(const std::vector<source::WrittenObject>& written);

  void add(Rule rule, const model::NetworkPolicy& policy, const std::string& field, Said said);
  void add(Rule rule, const model::ClusterNetworkPolicy& policy, const std::string& field, Said said);
  // Of a Pod, a workload ("deployment/web") or a Namespace. What is not in the files has the place of `instead`.
  void add(Rule rule, const model::Pod& pod, Said said);
  void add_namespace(Rule rule, const std::string& ns, const model::Pod& instead, Said said);
  void add(Rule rule, const source::WrittenObject& object, Said said);
  void add(Finding finding) { found_.push_back({std::move(finding), nullptr}); }

  // Nullptr: it is not in the files.
  const source::WrittenObject* written(const std::string& kind, const model::ObjectName& name) const;
  const source::WrittenObject* written(const model::Pod& pod) const;

  // In order, without those that their objects say are not to be said.
  Outcome take();

 private:
  void add(Rule rule, const source::WrittenObject* object, const std::string& called,
           const std::string& field, Said said);

  struct Found {
    Finding finding;
    const source::WrittenObject* object;  // nullptr: none that can say anything
  };
  std::map<std::pair<std::string, model::ObjectName>, const source::WrittenObject*> written_;
  std::vector<const source::WrittenObject*> annotated_;  // with sluice.dev/lint-ignore
  std::vector<Found> found_;
};

// "spec.ingress[0]", "spec.ingress[0].from[1]", "spec.ingress[0].ports[2]".
std::string path_of(model::Direction direction);
std::string path_of(model::Direction direction, size_t rule);
std::string path_of_peers(model::Direction direction, size_t rule);
std::string path_of_peer(model::Direction direction, size_t rule, size_t peer);
std::string path_of_port(model::Direction direction, size_t rule, size_t port);

template <typename Policy, typename Visit>
void for_each_rule(const Policy& policy, const Visit& visit) {
  for (const model::Direction direction : model::kDirections)
    for (size_t i = 0; i < policy.rules(direction).size(); ++i)
      visit(direction, i, policy.rules(direction)[i]);
}

}  // namespace sluice::lint
