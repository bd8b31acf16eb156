// The annotation sluice.dev/observe.
#include "tests/unit/decode/decoded.h"

namespace sluice::source::decode {
namespace {

// "1 | WARNING": whether a Pod's and a Namespace's annotation asks for it, and what is said of it.
std::string observed(const std::string& kind, const std::string& metadata) {
  const Decoded decoded =
      decode("{apiVersion: v1, kind: " + kind + ", metadata: {name: a, " + metadata + "}}", "f");
  std::string out;
  for (const auto& found : decoded.objects)
    out += kind == "Pod" ? std::to_string(std::get<model::Pod>(found.object).observe_allowed)
                         : std::to_string(std::get<model::Namespace>(found.object).observe_allowed);
  for (const auto& warning : decoded.warnings) out += " | " + warning.to_text();
  for (const auto& problem : decoded.problems) out += " | PROBLEM " + problem.to_text();
  return out;
}

TEST(DecodeObserve, AllowedOrNothing) {
  const std::string said = "0 | f: document 1: ", field = ": metadata.annotations[\"sluice.dev/observe\"]: ",
                    wrong =
                        " is nothing to observe: write allowed, or leave it out; its allowed connections are "
                        "not reported";
  for (const auto& [kind, name] : {std::pair("Pod", "Pod default/a"), {"Namespace", "Namespace a"}}) {
    const auto reads = [kind = std::string(kind)](const char* value) {
      return observed(kind, std::string("annotations: {") + value + "}");
    };
    EXPECT_EQ(reads("other: x"), "0");
    EXPECT_EQ(reads("sluice.dev/observe: allowed"), "1");
    EXPECT_EQ(reads("sluice.dev/observe: all"), said + name + field + "\"all\"" + wrong);
    EXPECT_EQ(reads("sluice.dev/observe: ''"), said + name + field + "\"\"" + wrong);
  }
}

}  // namespace
}  // namespace sluice::source::decode
