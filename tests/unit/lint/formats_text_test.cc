#include <gtest/gtest.h>

#include "agent/lint/formats.h"

namespace sluice::lint {
namespace {

const std::vector<Finding> kFindings = {
    {Rule::kSelectsNoPod, "NetworkPolicy shop/a", "spec.podSelector", "a.yaml", 7, "nobody", "mend it"},
    {Rule::kUnprotectedPod, "Pod shop/x", "", "a.yaml", 12, "open", "close it"},
    {Rule::kTemplateNotRendered, "", "", "b\x1b[2J.yaml", 1, "a template", "render it"}};

TEST(FormatsText, ByFileWithACount) {
  EXPECT_EQ(to_text(kFindings, false),
            "a.yaml\n"
            "   7  warning  selects-no-pod         NetworkPolicy shop/a: spec.podSelector\n"
            "      nobody\n"
            "      mend: mend it\n"
            "  12  info     unprotected-pod        Pod shop/x\n"
            "      open\n"
            "      mend: close it\n"
            "\n"
            "b\\x1b[2J.yaml\n"
            "   1  error    template-not-rendered  \n"
            "      a template\n"
            "      mend: render it\n"
            "\n"
            "1 error, 1 warning, 1 info\n");
  EXPECT_EQ(to_text({}, true), "nothing found\n");
  EXPECT_NE(to_text(kFindings, true).find("\x1b[33m"), std::string::npos);
}

TEST(FormatsText, WorkflowCommandsAreEscaped) {
  EXPECT_EQ(
      to_github({{Rule::kSelectsNoPod, "NetworkPolicy shop/a", "spec", "a,b:c%.yaml", 7, "50 %\n", "x"}}),
      "::warning file=a%2Cb%3Ac%25.yaml,line=7,title=selects-no-pod::NetworkPolicy shop/a: spec: 50 "
      "%25%0A%0Amend: "
      "x\n");
  EXPECT_EQ(to_github({{Rule::kUnprotectedPod, "", "", "a", 0, "m", "x"}}),
            "::notice file=a,title=unprotected-pod::m%0Amend: x\n");
  EXPECT_EQ(to_github({}), "");
}

}  // namespace
}  // namespace sluice::lint
