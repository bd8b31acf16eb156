// A row of the reference evaluator's tests: it reads "in this world, this probe, says so". Used by *_test.cc
// here.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "agent/reference/reference.h"
#include "tests/oracle/build.h"

namespace sluice::reference {

struct Row {
  std::string because;
  model::Cluster world;
  Probe probe;
  std::string sides;  // "egress ingress", e.g. "allow none"; "error" where the probe makes no sense
  std::vector<std::string> rules = {};  // egress rules, then ingress rules; checked where any are given
};

inline std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.because;
}

class Semantics : public ::testing::TestWithParam<Row> {};

inline std::string spoken(const base::Result<Answer>& answer) {
  if (!answer) return "error";
  return std::string(model::to_text(answer->egress)) + " " + std::string(model::to_text(answer->ingress));
}

inline void expect_row(const Row& row) {
  auto answer = evaluate(row.world, row.probe);
  EXPECT_EQ(spoken(answer), row.sides)
      << model::to_text(row.probe) << (answer ? "" : "\n" + answer.error().message());
  if (!answer || row.rules.empty()) return;
  std::vector<std::string> rules = answer->egress_rules;
  rules.insert(rules.end(), answer->ingress_rules.begin(), answer->ingress_rules.end());
  EXPECT_EQ(rules, row.rules) << model::to_text(row.probe);
}

}  // namespace sluice::reference
