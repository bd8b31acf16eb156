#include "agent/compile/selectors.h"

#include <gtest/gtest.h>

#include "tests/oracle/random.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/random_objects.h"

namespace sluice::compile {
namespace {

using model::LabelSelector;
using model::Operator;

LabelSelector labelled(const std::string& key, const std::string& value) {
  return {{{key, Operator::kIn, {value}}}};
}

TEST(SelectorTable, WhatIsSpeltAlikeHasOneNumber) {
  SelectorTable table;
  const auto a = table.use(labelled("app", "a")), b = table.use(labelled("app", "b"));
  EXPECT_NE(a, b);
  EXPECT_EQ(table.use(labelled("app", "a")), a);
  EXPECT_EQ(table.selector(b), labelled("app", "b"));
}

TEST(SelectorTable, ANumberIsFreeOnceNobodyUsesIt) {
  SelectorTable table;
  const auto a = table.use(labelled("app", "a"));
  table.use(labelled("app", "a"));
  table.release(a);
  const auto b = table.use(labelled("app", "b"));
  EXPECT_NE(a, b);
  table.release(a);
  EXPECT_EQ(table.use(labelled("app", "c")), a);
  EXPECT_EQ(table.selector(a), labelled("app", "c"));
  EXPECT_EQ(table.bound(), 2u);
  EXPECT_NE(table.use(labelled("app", "a")), a);
}

TEST(Matching, IsThatOfTheSelectorWhateverWasAskedBefore) {
  oracle::Random random(7);
  SelectorTable table;
  std::vector<SelectorTable::Number> numbers;
  for (int i = 0; i < 200; ++i) numbers.push_back(table.use(oracle::random_selector(random)));
  Matching matching(table);
  const model::Cluster cluster = oracle::random_cluster(7, 60);
  size_t matched = 0;
  for (const auto& [name, pod] : cluster.pods) {
    matching.about(pod.labels);
    for (int i = 0; i < 400; ++i) {
      const auto number = random.pick(numbers);
      ASSERT_EQ(matching(number), model::matches(table.selector(number), pod.labels)) << name.to_text();
      matched += matching(number) ? 1 : 0;
    }
  }
  EXPECT_GT(matched, 100u);
}

}  // namespace
}  // namespace sluice::compile
