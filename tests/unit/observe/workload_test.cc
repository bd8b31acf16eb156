// What a pod came of, by the labels that controllers leave on it.
#include "agent/observe/workload.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

TEST(Workload, ByTheControllersLabels) {
  struct Row {
    const char* pod;
    model::Labels labels;
    const char* workload;
  };
  const Row rows[] = {
      {"web", {}, ""},
      {"web-7d4b9c-x2x4z", {{"pod-template-hash", "7d4b9c"}}, "deployment/web"},
      {"my-web-7d4b9c-x2x4z", {{"pod-template-hash", "7d4b9c"}}, "deployment/my-web"},
      {"other", {{"pod-template-hash", "7d4b9c"}}, ""},
      {"db-0",
       {{"controller-revision-hash", "db-1"}, {"statefulset.kubernetes.io/pod-name", "db-0"}},
       "statefulset/db"},
      {"agent-x2x4z",
       {{"controller-revision-hash", "1"}, {"pod-template-generation", "1"}},
       "daemonset/agent"},
      {"load-x2x4z", {{"job-name", "load"}}, "job/load"},
      {"load-x2x4z", {{"batch.kubernetes.io/job-name", "load"}, {"job-name", "old"}}, "job/load"},
      {"-x", {{"controller-revision-hash", "1"}}, ""},
  };
  for (const Row& row : rows) {
    model::Pod pod;
    pod.name = {"shop", row.pod};
    pod.labels = row.labels;
    EXPECT_EQ(workload_of(pod), row.workload) << row.pod;
  }
}

TEST(Workload, ItsOwnerSaysItFirst) {
  model::Pod pod;
  pod.name = {"shop", "web-7d4b9c-x2x4z"};
  pod.labels = {{"pod-template-hash", "7d4b9c"}, {"job-name", "load"}};
  pod.controller = "replicaset/web-7d4b9c";
  EXPECT_EQ(workload_of(pod), "deployment/web");
  pod.controller = "statefulset/web";
  EXPECT_EQ(workload_of(pod), "statefulset/web");
}

}  // namespace
}  // namespace sluice::observe
