// Live: what `sluicectl sync` and `sluiced --dry-run` say of objects that are passed over or refused, as
// `eval` and `matrix` do (tests/cases).
#include "tests/live/live_fixture.h"

namespace sluice::live {
namespace {

const fs::path kCases = fs::path(SLUICE_SOURCE_DIR) / "tests/cases";

struct FindingRow {
  const char* name;
  const char* folder;  // of tests/cases
  int sync, dry_run;   // exit codes
  std::vector<std::string> said;
};
void PrintTo(const FindingRow& row, std::ostream* out) {
  *out << row.name;
}

class LiveFindings : public testing::TestWithParam<FindingRow> {
 protected:
  void expect(const Said& said, int exit) {
    EXPECT_EQ(said.exit, exit) << said.error;
    for (const std::string& text : GetParam().said)
      EXPECT_NE(said.error.find(text), said.error.npos) << "not said: " << text << "\n" << said.error;
    if (GetParam().said.empty()) {
      EXPECT_EQ(said.error, "");
    }
  }
  std::string manifests() const { return kCases / GetParam().folder / "manifests"; }
};

TEST_P(LiveFindings, SyncSaysThem) {
  Process agent({SLUICED, "--node-name", "node-1", "--manifests", manifests(), "--metrics", "127.0.0.1:19619",
                 "--log-level", "error"});
  expect(run_and_listen({SLUICECTL, "sync", "--timeout", "20s"}), GetParam().sync);
  agent.end(SIGTERM);
  EXPECT_EQ(run({SLUICED, "--detach"}), 0);
}

TEST_P(LiveFindings, DryRunSaysThem) {
  expect(run_and_listen({SLUICED, "--dry-run", "--node-name", "node-1", "--manifests", manifests()}),
         GetParam().dry_run);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, LiveFindings,
    testing::Values(
        FindingRow{"Ordinary", "ordinary-kinds", 0, 0, {}},
        FindingRow{"OfOtherEngines",
                   "other-policy-kinds-are-silent",
                   0,
                   0,
                   {"warning: ",
                    "AdminNetworkPolicy harbour-master (policy.networking.k8s.io/v1alpha1) is passed over",
                    "CiliumNetworkPolicy harbour/harbour-gate (cilium.io/v2) is passed over",
                    "NetworkPolicy harbour/harbour-chain (projectcalico.org/v3) is passed over"}},
        FindingRow{"OfOtherGroups",
                   "kinds-of-other-groups",
                   0,
                   0,
                   {"Service harbour/gull (serving.knative.dev/v1) is passed over: it is no v1 Service",
                    "GlobalNetworkPolicy chain (projectcalico.org/v3) is passed over"}},
        FindingRow{"Misspelled",
                   "kind-misspelled-is-silent",
                   1,
                   2,
                   {"NetworkPolicy harbour/bar: kind: \"Networkpolicy\" is not known",
                    "did you mean networking.k8s.io/v1 NetworkPolicy?"}},
        FindingRow{"MisspelledPod", "pod-kind-misspelled", 1, 2, {"did you mean v1 Pod?"}}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace sluice::live
