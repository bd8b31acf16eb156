// NamespaceTotals: what pods count each for itself, by namespace.
//
// Laws:
//  1. A total of denied packets or of opened connections only grows: a pod that goes takes nothing away, one of the same name that begins anew
//     adds what it has. What a pod counted between the last reading and its end is not in it.
//  2. At most kMostNamespaces have totals of their own, first come, first served; all others together have one, under
//     kOtherNamespaces.
//  3. A namespace without a pod is forgotten, and its place is free again.
//
// Pure; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::observe {

inline constexpr size_t kMostNamespaces = 64;
inline constexpr char kOtherNamespaces[] = "other";

struct NamespaceCounts {
  std::array<uint64_t, 2> denied{};  // packets, by sluice_direction
  std::array<uint64_t, 2> opened{};  // connections allowed, by sluice_direction
  std::array<uint64_t, 2> flows{};   // connections that are remembered now, by sluice_flow_class
};

struct PodCounts {
  std::string ns, pod;
  NamespaceCounts counts;
};

class NamespaceTotals {
 public:
  using Totals = std::map<std::string, NamespaceCounts>;

  // `pods`: all there are, each once.
  const Totals& update(const std::vector<PodCounts>& pods);

 private:
  void forget_all_but_those_of(const std::vector<PodCounts>& pods);
  NamespaceCounts& total_of(const std::string& ns);

  Totals totals_;
  std::map<std::pair<std::string, std::string>, NamespaceCounts> last_;  // by namespace and pod
};

}  // namespace sluice::observe
