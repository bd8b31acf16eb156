#include "agent/view/trim.h"

namespace sluice::view {

model::Pod as_peer(model::Pod pod) {
  pod.uid.clear();
  pod.phase = model::PodPhase::kRunning;
  pod.ready = true;
  pod.terminating = false;
  pod.host_ports.clear();
  std::erase_if(pod.ports, [](const model::ContainerPort& port) { return port.name.empty(); });
  pod.source_prefixes.clear();
  pod.flows = 0;
  pod.observe_allowed = false;
  return pod;
}

model::Service without_selector(model::Service service) {
  service.selector.reset();
  return service;
}

}  // namespace sluice::view
