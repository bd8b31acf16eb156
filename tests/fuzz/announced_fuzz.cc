// Any bytes as the file of announced endpoints. Laws: each line stands or falls alone; what is taken reads back as
// it was written; what is lent to a Pod object is taken back when it is announced no more; a problem is one line.
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "agent/control/announced_file.h"
#include "agent/control/endpoint_request.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using control::AnnouncedRead;
using fuzz::require;
using node::Announced;

const std::string kNode = "n";

AnnouncedRead read(const std::string& text) {
  std::istringstream lines(text);
  return control::read_announced_lines(lines, "/s.endpoints");
}

model::Pod pod_of(const node::AnnouncedEndpoint& endpoint) {
  model::Pod pod;
  pod.name = endpoint.pod;
  pod.uid = endpoint.uid;
  pod.node_name = kNode;
  return pod;
}

// Pod objects without addresses, before and after they were announced.
void check_lending(const Announced& announced) {
  node::AddressOverlay overlay(kNode);
  std::map<model::ObjectName, model::Pod> pods;
  for (const auto& [key, endpoint] : announced) pods.try_emplace(endpoint.pod, pod_of(endpoint));
  for (const auto& [name, pod] : pods) {
    const auto change = overlay.apply(model::Change::upsert(pod));
    require(std::get<model::Object>(change.what) == model::Object(pod));
  }
  require(overlay.set_announced(announced).size() == pods.size());
  for (const model::Change& change : overlay.set_announced({}))
    require(std::get<model::Object>(change.what) == model::Object(pods.at(change.id().name)));
}

void check_discovery(Announced announced) {
  for (auto& [key, endpoint] : announced) endpoint.host_ifindex = 0;  // each has the one that it gets here
  endpoint::Discovery discovery;
  int index = 0;
  for (const auto& [key, endpoint] : announced) discovery.host_interfaces[++index] = endpoint.host_interface;
  const auto both = node::with_announced(discovery, announced);
  require(announced.empty() == both.found.empty() && both.found.size() <= announced.size());
  require(node::with_announced(both, announced).found == both.found);
  for (const uint32_t interface : node::announced_interfaces(discovery, announced))
    require(interface > 0 && interface <= announced.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const AnnouncedRead whole = read(text);
  for (const std::string& problem : whole.problems)
    require(problem.starts_with("/s.endpoints: line ") && problem.find('\n') == std::string::npos);

  Announced alone;
  size_t problems = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const AnnouncedRead one = read(line + "\n");
    require(one.announced.size() + one.problems.size() == 1);
    for (const auto& [key, endpoint] : one.announced) alone.insert_or_assign(key, endpoint);
    problems += one.problems.size();
  }
  require(alone == whole.announced && problems == whole.problems.size());

  const auto written = control::announced_lines(whole.announced);
  require(written.ok());
  const AnnouncedRead again = read(*written);
  require(again.announced == whole.announced && again.problems.empty());
  check_lending(whole.announced);
  check_discovery(whole.announced);
  return 0;
}
