#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "agent/lint/formats.h"

namespace sluice::lint {
namespace {

const std::vector<Finding> kFindings = {{Rule::kSelectsNoPod, "NetworkPolicy shop/a", "spec.podSelector",
                                         "a \"b\"/c.yaml", 7, "nobody", "mend it"}};

TEST(FormatsJson, TheKeysInTheirOrder) {
  EXPECT_EQ(to_json(kFindings),
            "[\n {\"rule\":\"selects-no-pod\",\"level\":\"warning\",\"object\":\"NetworkPolicy "
            "shop/a\",\"field\":\"spec."
            "podSelector\",\"file\":\"a \\\"b\\\"/c.yaml\",\"line\":7,\"message\":\"nobody\",\"mend\":\"mend "
            "it\"}\n]\n");
  EXPECT_EQ(to_json({}), "[]\n");
}

TEST(FormatsJson, SarifNamesRuleAndPlace) {
  const auto log = boost::json::parse(to_sarif(kFindings, "1.2.3"));
  const auto& run = log.at("runs").at(0);
  const auto& result = run.at("results").at(0);
  EXPECT_EQ(result.at("ruleId"), "selects-no-pod");
  EXPECT_EQ(result.at("level"), "warning");
  const auto index = static_cast<size_t>(result.at("ruleIndex").as_int64());
  EXPECT_EQ(run.at("tool").at("driver").at("rules").at(index).at("id"), "selects-no-pod");
  const auto& place = result.at("locations").at(0).at("physicalLocation");
  EXPECT_EQ(place.at("artifactLocation").at("uri"), "a%20%22b%22/c.yaml");
  EXPECT_EQ(place.at("region").at("startLine"), 7);
}

}  // namespace
}  // namespace sluice::lint
