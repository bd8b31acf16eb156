// Documents that are no policy of ours, or nothing yet.
#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/lint/checks.h"

namespace sluice::lint {
namespace {

constexpr std::string_view kUnknownGroups[] = {"cilium.io", "projectcalico.org", "crd.projectcalico.org",
                                               "crd.antrea.io"};
constexpr std::string_view kUnknownVersion = "policy.networking.k8s.io/v1alpha1";

// How ObjectId has it, which is not among the values of the model.
std::string called(const source::Problem& problem) {
  return problem.object ? problem.object->to_text() : std::string();
}

}  // namespace

bool is_unknown_policy_kind(const source::WrittenObject& object) {
  const std::string_view version = object.api_version;
  return version == kUnknownVersion ||
         std::find(std::begin(kUnknownGroups), std::end(kUnknownGroups),
                   version.substr(0, version.find('/'))) != std::end(kUnknownGroups);
}

void check_documents(const Input& input, Report& report) {
  for (const source::WrittenObject& object : input.written)
    if (is_unknown_policy_kind(object))
      report.add(Rule::kUnknownPolicyKind, object,
                 {base::one_line(object.kind + " (" + object.api_version +
                                 ") is not enforced here and is passed over"),
                  object.api_version == kUnknownVersion
                      ? "sluicectl convert --from v1alpha1 writes it as ClusterNetworkPolicy of v1alpha2"
                      : "write it as networking.k8s.io/v1 NetworkPolicy"});
  for (const source::Problem& problem : input.not_rendered)
    report.add({Rule::kTemplateNotRendered, called(problem), problem.field, problem.place.origin,
                problem.place.line, problem.message,
                "lint the output: helm template, kustomize build or envsubst, and --manifests -"});
}

}  // namespace sluice::lint
