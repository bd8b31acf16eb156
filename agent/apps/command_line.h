// What every program's command line has in common: exit codes, one line for what is wrong, --help and
// --version.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "agent/base/duration.h"
#include "agent/base/result.h"

namespace sluice::apps {

enum ExitCode { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitDenied = 3, kExitFound = 3 };

// A program's end before it began: --help, --version, or a wrong command line.
struct Exit {
  int code = kExitDone;
  std::string output;  // to standard output where code is kExitDone, else one line to standard error
};

// Adds --version and plain help to `app`.
void set_up(CLI::App& app);
// Parses; an Exit where the program is not to run.
std::optional<Exit> parse(CLI::App& app, int argc, const char* const* argv);
// Prints it and gives its code.
int leave(const std::string& program, const Exit& exit);
// "program: message" on standard error, on one line; gives `code`.
int fail(const std::string& program, int code, const std::string& message);

// A program's main: an exception that nobody took, of whichever thread, is one line and exit 1, not an abort.
int guarded(const std::function<int()>& run);

// "text", with newlines as spaces.
std::string one_line(std::string text);

using base::parse_duration;

// For CLI11: a text that Parse (-> Result) takes, else its message.
template <typename Parse>
CLI::Validator checked_by(Parse parse) {
  return CLI::Validator(
      [parse](const std::string& text) {
        auto parsed = parse(text);
        return parsed ? std::string() : parsed.error().message();
      },
      "");
}

}  // namespace sluice::apps
