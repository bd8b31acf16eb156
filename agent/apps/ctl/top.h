// sluicectl top: the busiest pairs of the agent's history; on a terminal drawn anew each second.
#pragma once

#include "agent/apps/ctl/flow_question.h"
#include "agent/observe/pairs.h"

namespace sluice::apps::ctl {

struct TopOptions {
  FlowQuestion question;
  size_t rows = 15;  // of each verdict
  std::string output = "table";
};
void add_top_options(CLI::App& command, TopOptions& options);
int run_top(const TopOptions& options);

// Pure. `now` in nanoseconds since 1970.
std::string top_text(const observe::Pairs& pairs, size_t rows, int64_t now, bool colour);
std::string top_json(const observe::Pairs& pairs, size_t rows);

}  // namespace sluice::apps::ctl
