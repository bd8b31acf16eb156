// What may come next on a command line, out of the definitions that --help prints. Pure.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace sluice::apps {

struct Completion {
  std::vector<std::string> candidates;  // that begin as the last word does, sorted
  // The option whose value is asked for, "--from"; empty: none, or its values are in `candidates`.
  std::string value_of;
  std::vector<std::string> words;  // those before the last one, the program left out
};

// `words`: what stands behind the program's name; the last one is being written, and may be empty.
Completion complete(const CLI::App& app, const std::vector<std::string>& words);

// The value that an option was given among the words; empty: none.
std::string given(const std::vector<std::string>& words, const std::string& option);

}  // namespace sluice::apps
