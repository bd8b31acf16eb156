// Workloads: apps/v1 and batch/v1 kinds that make pods from a template, and who controls what.
#include <algorithm>
#include <cctype>

#include "agent/source/decode/decode_kinds.h"

namespace sluice::source::decode {
namespace {

std::string in_small_letters(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::string decode_controller(const Field& metadata) {
  const auto read = [](const Field& lenient) {
    std::string controller;
    lenient.get("ownerReferences").each([&](const Field& owner) {
      if (!owner.get("controller").boolean().value_or(false)) return;
      controller = in_small_letters(owner.get("kind").text()) + "/" + owner.get("name").text();
    });
    return controller;
  };
  return metadata.value_or_warning("nobody counts as its owner", read).value_or("");
}

model::Workload decode_workload(const Field& root, const model::WorkloadKind& kind, model::ObjectName name) {
  model::Workload workload;
  workload.name = {name.ns, std::string(kind.name) + "/" + name.name};
  workload.controller = decode_controller(root.get("metadata"));
  Field spec = root.get("spec");
  if (kind.kind == "CronJob") spec = spec.get("jobTemplate").get("spec");
  workload.pod = decode_pod(spec.get("template"), workload.name);
  // Of the pods that it will make nothing is known but what the template says.
  workload.pod.uid.clear();
  workload.pod.ips.clear();
  workload.pod.controller.clear();
  workload.pod.node_name.clear();
  return workload;
}

}  // namespace sluice::source::decode
