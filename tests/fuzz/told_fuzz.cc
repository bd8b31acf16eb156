// Any bytes as the file of told endpoints. Laws: each line stands or falls alone; what is taken reads back as
// it was written; what is lent to a Pod object is taken back when it is told no more; a problem is one line.
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "agent/control/told_file.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using control::Told;
using control::ToldRead;
using fuzz::require;

const std::string kNode = "n";

ToldRead read(const std::string& text) {
  std::istringstream lines(text);
  return control::read_told_lines(lines, "/s.endpoints");
}

model::Pod pod_of(const control::ToldEndpoint& endpoint) {
  model::Pod pod;
  pod.name = endpoint.pod;
  pod.uid = endpoint.uid;
  pod.node_name = kNode;
  return pod;
}

// Pod objects without addresses, before and after they were told of.
void check_lending(const Told& told) {
  control::Lending lending(kNode);
  std::map<model::ObjectName, model::Pod> pods;
  for (const auto& [key, endpoint] : told) pods.try_emplace(endpoint.pod, pod_of(endpoint));
  for (const auto& [name, pod] : pods) {
    const auto change = lending.lend(model::Change::upsert(pod));
    require(std::get<model::Object>(change.what) == model::Object(pod));
  }
  require(lending.take_told(told).size() == pods.size());
  for (const model::Change& change : lending.take_told({}))
    require(std::get<model::Object>(change.what) == model::Object(pods.at(change.id().name)));
}

void check_discovery(Told told) {
  for (auto& [key, endpoint] : told) endpoint.host_ifindex = 0;  // each has the one that it gets here
  endpoint::Discovery discovery;
  int index = 0;
  for (const auto& [key, endpoint] : told) discovery.host_interfaces[++index] = endpoint.host_interface;
  const auto both = control::with_told(discovery, told);
  require(told.empty() == both.found.empty() && both.found.size() <= told.size());
  require(control::with_told(both, told).found == both.found);
  for (const uint32_t interface : control::told_interfaces(discovery, told))
    require(interface > 0 && interface <= told.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const ToldRead whole = read(text);
  for (const std::string& problem : whole.problems)
    require(problem.starts_with("/s.endpoints: line ") && problem.find('\n') == std::string::npos);

  Told alone;
  size_t problems = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const ToldRead one = read(line + "\n");
    require(one.told.size() + one.problems.size() == 1);
    for (const auto& [key, endpoint] : one.told) alone.insert_or_assign(key, endpoint);
    problems += one.problems.size();
  }
  require(alone == whole.told && problems == whole.problems.size());

  const auto written = control::told_lines(whole.told);
  require(written.ok());
  const ToldRead again = read(*written);
  require(again.told == whole.told && again.problems.empty());
  check_lending(whole.told);
  check_discovery(whole.told);
  return 0;
}
