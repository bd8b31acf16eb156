// What lint finds in a text, for tests in rows.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "agent/lint/lint.h"
#include "agent/model/workloads.h"
#include "agent/source/decode/decode.h"

namespace sluice::lint {

inline Input input_of(const std::string& text) {
  source::decode::Decoded decoded = source::decode::decode(text, "f", source::decode::Wanted::kAsWritten);
  Input input;
  std::vector<model::Workload> workloads;
  for (const auto& [object, place] : decoded.objects) input.cluster.apply(model::Change::upsert(object));
  for (auto& [workload, place] : decoded.workloads) workloads.push_back(std::move(workload));
  for (const auto& problem : decoded.problems) {
    EXPECT_TRUE(problem.not_rendered) << problem.to_text();
    if (problem.not_rendered) input.not_rendered.push_back(problem);
  }
  const auto policies = input.cluster.policies;
  const auto cluster_policies = input.cluster.cluster_policies;
  input.cluster = model::with_workloads(std::move(input.cluster), std::move(workloads));
  input.cluster.policies = policies;
  input.cluster.cluster_policies = cluster_policies;
  input.written = std::move(decoded.written);
  return input;
}

// "spec.podSelector: MESSAGE" of each finding of the rule, of NetworkPolicy shop/a; of others with the object before it.
inline std::string found(Rule rule, const std::string& text) {
  std::string all;
  for (const Finding& finding : lint(input_of(text)).findings) {
    if (finding.rule != rule) continue;
    EXPECT_GT(finding.line, 0u);
    EXPECT_FALSE(finding.mend.empty());
    const std::string object = finding.object == "NetworkPolicy shop/a" ? "" : finding.object + " ";
    all += (all.empty() ? "" : "\n") + object + finding.field + ": " + finding.message;
  }
  return all;
}

// One document: "pod(shop, web-1, {app: web})".
inline std::string pod(const std::string& ns, const std::string& name, const std::string& labels,
                       const std::string& ports = "", const std::string& spec = "",
                       const std::string& ip = "10.0.0.1") {
  return "{apiVersion: v1, kind: Pod, metadata: {namespace: " + ns + ", name: " + name + ", labels: {" +
         labels + "}}, spec: {containers: [{ports: [" + ports + "]}]" + spec + "}, status: {podIP: " + ip +
         "}}\n---\n";
}
inline std::string host_pod(const std::string& ns, const std::string& name, const std::string& labels) {
  return pod(ns, name, labels, "", ", hostNetwork: true", "192.168.0.1");
}
inline std::string ns(const std::string& name, const std::string& labels = "") {
  return "{apiVersion: v1, kind: Namespace, metadata: {name: " + name + ", labels: {" + labels + "}}}\n---\n";
}
inline std::string policy(const std::string& name, const std::string& spec,
                          const std::string& metadata = "") {
  return "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: shop, name: " + name +
         metadata + "}, spec: {" + spec + "}}\n---\n";
}

// "Admin, priority: 1, subject: {…}, ingress: […]"
inline std::string cluster_policy(const std::string& name, const std::string& tier_and_rest) {
  return "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: " +
         name + "}, spec: {tier: " + tier_and_rest + "}}\n---\n";
}

// The same document with an annotation: "sluice.dev/mode: audit".
inline std::string with(const std::string& annotation, std::string document) {
  const std::string metadata = "metadata: {";
  return document.insert(document.find(metadata) + metadata.size(), "annotations: {" + annotation + "}, ");
}

struct Row {
  const char* what;
  std::string text, expected;
};
inline void check_rows(Rule rule, std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(found(rule, row.text), row.expected) << row.what;
}

}  // namespace sluice::lint
