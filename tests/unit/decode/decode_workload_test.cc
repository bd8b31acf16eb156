#include "tests/unit/decode/decoded.h"

namespace sluice::source::decode {
namespace {

// "shop/deployment/web of NOBODY: a=b 80" | what is said.
std::string workloads(const std::string& text, Wanted wanted = Wanted::kWorkloadsToo) {
  const Decoded decoded = decode(text, "f", wanted);
  std::string out;
  for (const auto& [workload, place] : decoded.workloads) {
    out += workload.name.to_text() + (workload.controller.empty() ? "" : " of " + workload.controller) + ":";
    for (const auto& [key, value] : workload.pod.labels) out += " " + key + "=" + value;
    for (const auto& port : workload.pod.ports) out += " " + std::to_string(port.port.host());
    if (workload.pod.host_network) out += " on its node";
  }
  for (const auto& [kind, count] : decoded.skipped) out += " | skipped " + kind;
  for (const auto& problem : decoded.problems) out += " | " + problem.to_text();
  return out;
}

TEST(DecodeWorkload, TemplatesOfEachKind) {
  const std::string body =
      "template: {metadata: {labels: {a: b}}, spec: {containers: [{ports: [{containerPort: 80}]}]}}";
  const auto made = [&](const std::string& kind, const std::string& version) {
    const bool nested = kind == "CronJob";
    return workloads("{apiVersion: " + version + ", kind: " + kind +
                     ", metadata: {name: web, namespace: shop}, spec: {" +
                     (nested ? "jobTemplate: {spec: {" + body + "}}" : body) + "}}");
  };
  for (const model::WorkloadKind& kind : model::kWorkloadKinds)
    EXPECT_EQ(made(std::string(kind.kind), std::string(kind.api_version)),
              "shop/" + std::string(kind.name) + "/web: a=b 80");
  EXPECT_EQ(made("Deployment", "other.example/v1"), " | skipped Deployment") << "another's kind";
}

TEST(DecodeWorkload, OnlyWhereTheyAreWanted) {
  const std::string text =
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: 5}}";
  EXPECT_EQ(workloads(text, Wanted::kObjects), " | skipped Deployment") << "an agent has no word for it";
  EXPECT_EQ(workloads(text),
            " | f: document 1: Deployment default/web: spec.template: is a value where a map is due");
}

TEST(DecodeWorkload, TheOwnerThatControls) {
  const std::string text =
      "{apiVersion: batch/v1, kind: Job, metadata: {name: web, ownerReferences: [{kind: Other, name: o}, "
      "{kind: CronJob, name: report, controller: true}]}, spec: {template: {spec: {hostNetwork: true}}}}";
  EXPECT_EQ(workloads(text), "default/job/web of cronjob/report: on its node");
  const auto pod = read_one<model::Pod>(
      "{apiVersion: v1, kind: Pod, metadata: {name: a, ownerReferences: [{kind: ReplicaSet, name: web-5, "
      "controller: true}]}}");
  EXPECT_EQ(pod.controller, "replicaset/web-5");
}

}  // namespace
}  // namespace sluice::source::decode
