// Records as JSON.
#include "agent/observe/json.h"

#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

TEST(Json, OfWhatIsDenied) {
  FlowRecord record = denied_record();
  record.count = 3;
  EXPECT_EQ(
      json_of(record),
      R"({"time":"2026-11-29T08:00:00.123Z","node":"node-1","id":"1f-7","verdict":"denied",)"
      R"("reason":"no_rule","direction":"ingress","protocol":"TCP","flags":"SYN",)"
      R"("source":{"ip":"10.244.1.21","port":40122,"namespace":"shop","pod":"web-1",)"
      R"("workload":"deployment/web"},"destination":{"ip":"10.244.1.31","port":8080,"namespace":"shop",)"
      R"("pod":"api-1"},"rule":"","isolated_by":["shop/api-from-web","shop/default-deny"],)"
      R"("count":3,"lost":0})");
}

TEST(Json, OfAnAddressThatNoNameIsLearntFor) {
  FlowRecord record = denied_record();
  EXPECT_EQ(json_of(record).find("no_name_learnt"), std::string::npos);
  record.no_name_learnt = true;
  EXPECT_NE(json_of(record).find(R"(,"no_name_learnt":true,"count":1,)"), std::string::npos);
}

TEST(Json, OfWhatIsAllowedToAService) {
  const std::string text = json_of(allowed_record());
  EXPECT_NE(text.find(R"("destination":{"ip":"10.96.0.10","port":80,"service":"shop/api"})"), text.npos);
  EXPECT_NE(text.find(R"("rule":"shop/web:egress[0]","isolated_by":[])"), text.npos);
}

}  // namespace
}  // namespace sluice::observe
