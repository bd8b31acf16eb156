#include "agent/model/selector_text.h"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

TEST(SelectorText, AsKubectlHasIt) {
  const LabelSelector selector{{{"app", Operator::kIn, {"web"}},
                                {"env", Operator::kNotIn, {"dev"}},
                                {"old", Operator::kDoesNotExist, {}},
                                {"size", Operator::kNotIn, {"l", "xl"}},
                                {"team", Operator::kExists, {}},
                                {"tier", Operator::kIn, {"a", "b"}}}};
  EXPECT_EQ(to_text(selector), "app=web,env!=dev,!old,size notin (l,xl),team,tier in (a,b)");
  EXPECT_EQ(to_text(LabelSelector{}), "");
}

}  // namespace
}  // namespace sluice::model
