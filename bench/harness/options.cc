#include "bench/harness/options.h"

#include <CLI/CLI.hpp>
#include <csignal>

namespace sluice::bench {
namespace {

constexpr int kBadUsage = 2;
constexpr int kMostRounds = 10000;
volatile std::sig_atomic_t stop = 0;

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop = 1; };  // no SA_RESTART: what waits, wakes up
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::string check_regex(const std::string& text) {
  try {
    const std::regex compiled(text);
    return {};
  } catch (const std::regex_error& wrong) {
    return "\"" + text + "\" is no regular expression: " + wrong.what();
  }
}

}  // namespace

bool interrupted() {
  return stop != 0;
}

std::variant<Options, int> parse_options(int argc, char** argv, const std::string& program,
                                         const std::string& about,
                                         const std::function<void(CLI::App& app)>& add_more) {
  Options options;
  options.program = program;
  CLI::App app(about, program);
  app.add_option("--out", options.out, "write the result document (JSON) to this file");
  app.add_flag("--quick", options.quick, "fewer cases and rounds");
  app.add_option("--rounds", options.rounds, "interleaved rounds of each group")
      ->check(CLI::Range(1, kMostRounds));
  app.add_option("--filter", options.filter, "only groups whose name matches this regular expression")
      ->check(check_regex);
  if (add_more) add_more(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return app.exit(end) == 0 ? 0 : kBadUsage;
  }
  catch_signals();
  return options;
}

}  // namespace sluice::bench
