// preflight: whether an agent can run on this kernel and node, said before one is started.
//
// Laws:
//  1. judge() is pure: one row a fact, in the order in which a person would mend them.
//  2. A node is unfit where one row is. What is merely lacking is a note, and what follows from
//     it stands in its row.
//  3. Exit 0: fit; 1: unfit.
//
// Any thread.
#pragma once

#include <string>
#include <vector>

#include "agent/apps/preflight_facts.h"

namespace sluice::apps {

enum class Fitness { kOk, kNote, kUnfit };
const char* to_text(Fitness fitness);

struct PreflightRow {
  std::string check;  // "memory lock"
  Fitness fitness = Fitness::kOk;
  std::string found, follows;  // follows: empty where nothing does
};

std::vector<PreflightRow> judge(const NodeFacts& facts, const PreflightOptions& options);
bool is_fit(const std::vector<PreflightRow>& rows);

std::string preflight_table(const std::vector<PreflightRow>& rows, bool colour);
// {"fit": true, "checks": [{"check", "state": "ok|note|unfit", "found", "follows"}]}
std::string preflight_json(const std::vector<PreflightRow>& rows);

// Reads, judges and prints for `program`; the exit code.
int run_preflight(const PreflightOptions& options);

}  // namespace sluice::apps
