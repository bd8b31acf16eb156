// A program's manual page, out of the definitions that --help prints.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sluice::apps {

// man(7): NAME, SYNOPSIS, DESCRIPTION, OPTIONS, COMMANDS, EXIT STATUS. `section`: 1, 8.
std::string man_page(const CLI::App& app, int section);

}  // namespace sluice::apps
