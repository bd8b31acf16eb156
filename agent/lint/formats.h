// Findings as text for people and as what machines read. Pure; any thread.
//
// Laws:
//  1. Every format has every finding, in the order given.
//  2. Text of files is escaped as the format has it: a line of a terminal or of a workflow log stays
//     one line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/lint/lint.h"

namespace sluice::lint {

// By file, with what mends it; the last line counts. `colour`: for a terminal.
std::string to_text(const std::vector<Finding>& findings, bool colour);
// One array, one object a line (docs/interfaces.md).
std::string to_json(const std::vector<Finding>& findings);
// SARIF 2.1.0 (OASIS). `version`: of the program.
std::string to_sarif(const std::vector<Finding>& findings, std::string_view version);
// Workflow commands of GitHub Actions, one a line ("Workflow commands for GitHub Actions").
std::string to_github(const std::vector<Finding>& findings);

}  // namespace sluice::lint
