// Options that every benchmark program takes, and the signal that ends it early.
//
// Laws: bad usage is exit 2 with one line. SIGINT and SIGTERM only set a flag: whoever works looks at
// interrupted() between steps and leaves through its destructors, so that what it made is cleaned up. One
// thread.
#pragma once

#include <functional>
#include <regex>
#include <string>
#include <variant>

namespace CLI {
class App;
}

namespace sluice::bench {

struct Options {
  std::string program;  // "bench_packet"
  std::string out;      // where the result document goes; empty: nowhere
  bool quick = false;   // fewer cases and rounds: the programs together in four minutes
  int rounds = 0;       // 0: what the program finds right, for quick or not
  std::string filter;   // groups to measure, a regular expression; empty: all
  int rounds_or(int full, int if_quick) const { return rounds > 0 ? rounds : quick ? if_quick : full; }
  bool wants(const std::string& group) const {
    return filter.empty() || std::regex_search(group, std::regex(filter));
  }
};

// The options, or the exit code with which to end at once (0 after --help). Installs the signal handlers.
// `add_more` adds options that this program alone takes.
std::variant<Options, int> parse_options(int argc, char** argv, const std::string& program,
                                         const std::string& about,
                                         const std::function<void(CLI::App& app)>& add_more = {});

// A signal asked to stop.
bool interrupted();

}  // namespace sluice::bench
