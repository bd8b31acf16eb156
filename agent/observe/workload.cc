#include "agent/observe/workload.h"

#include "agent/model/workloads.h"

namespace sluice::observe {
namespace {

const std::string* label(const model::Pod& pod, const char* key) {
  const auto found = pod.labels.find(key);
  return found == pod.labels.end() || found->second.empty() ? nullptr : &found->second;
}

// The name before its last part: "web-0" -> "web".
std::string without_last(const std::string& name) {
  const size_t dash = name.rfind('-');
  return dash == name.npos || dash == 0 ? "" : name.substr(0, dash);
}

std::string named(const char* kind, const std::string& name) {
  return name.empty() ? "" : std::string(kind) + "/" + name;
}

}  // namespace

std::string workload_of(const model::Pod& pod) {
  if (!pod.controller.empty()) return model::workload_of(pod);
  const std::string& name = pod.name.name;
  if (const auto* hash = label(pod, "pod-template-hash")) {
    const size_t at = name.rfind("-" + *hash + "-");
    return named("deployment", at == name.npos ? "" : name.substr(0, at));
  }
  if (label(pod, "statefulset.kubernetes.io/pod-name")) return named("statefulset", without_last(name));
  for (const char* key : {"batch.kubernetes.io/job-name", "job-name"})
    if (const auto* job = label(pod, key)) return named("job", *job);
  if (label(pod, "controller-revision-hash")) return named("daemonset", without_last(name));
  return "";
}

}  // namespace sluice::observe
