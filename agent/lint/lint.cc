#include "agent/lint/lint.h"

#include "agent/lint/checks.h"

namespace sluice::lint {

Outcome lint(const Input& input) {
  Pods pods(input.cluster);
  Report report(input.written);
  check_selectors(input, pods, report);
  check_ports(input, pods, report);
  check_cidrs(input, report);
  check_dns(input, pods, report);
  check_cluster_policies(input, pods, report);
  check_domains(input, report);
  check_tiers(input, pods, report);
  check_tier_dns(input, pods, report);
  check_meaning(input, report);
  check_repetition(input, pods, report);
  check_protection(input, pods, report);
  check_documents(input, report);
  return report.take();
}

}  // namespace sluice::lint
