#include "agent/apps/command_line.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "agent/apps/man_page.h"
#include "agent/base/excerpt.h"
#include "agent/base/threads.h"

namespace sluice::apps {
namespace {

// As CLI11 ends a parse for --help.
struct CallForManPage {};

// Section 1 of the manual; the others' is 8, of who looks after a machine.
bool is_for_everybody(const std::string& program) {
  return program == "sluicectl" || program == "kubectl-sluice";
}

// A missing command names those there are; everything else CLI11 says well enough.
std::string missing_text(const CLI::App& app, const CLI::RequiredError& error) {
  const CLI::App* asked = &app;
  while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
  std::string commands;
  for (const auto* command : asked->get_subcommands({}))
    commands += (commands.empty() ? "" : ", ") + command->get_name();
  if (commands.empty()) return one_line(error.what()) + " (see --help)";
  const auto stray = app.remaining(true);
  return (stray.empty() ? "no command given" : "no command " + base::excerpt(stray.front())) +
         ": give one of " + commands;
}

// What ended the thread: memory, descriptors or threads that are used up, or a fault of ours. No memory is
// asked for.
[[noreturn]] void end_with_a_line() noexcept {
  const char* why = "an unknown exception";
  const std::exception_ptr thrown = std::current_exception();
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    why = "out of memory: raise the limit of memory that it runs under";
  } catch (const std::exception& exception) {
    why = exception.what();
  } catch (...) {
  }
  std::fprintf(stderr, "%s: ended: %s\n", program_invocation_short_name, why);
  std::_Exit(kExitFailed);
}

}  // namespace

void set_up(CLI::App& app) {
  app.set_version_flag("--version", SLUICE_VERSION, "Print the version and exit");
  app.add_flag_callback(
         "--man", [] { throw CallForManPage(); }, "Print the manual page")
      ->trigger_on_parse()
      ->group("");
  app.get_formatter()->column_width(34);
}

std::optional<Exit> parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForVersion&) {
    return Exit{kExitDone, app.get_name() + " " + SLUICE_VERSION + "\n"};
  } catch (const CallForManPage&) {
    return Exit{kExitDone, man_page(app, is_for_everybody(app.get_name()) ? 1 : 8)};
  } catch (const CLI::CallForHelp&) {
    return Exit{kExitDone, app.help()};
  } catch (const CLI::CallForAllHelp&) {
    return Exit{kExitDone, app.help("", CLI::AppFormatMode::All)};
  } catch (const CLI::RequiredError& error) {
    return Exit{kExitUsage, missing_text(app, error)};
  } catch (const CLI::ParseError& error) {
    return Exit{kExitUsage, one_line(error.what()) + " (see --help)"};
  }
}

int leave(const std::string& program, const Exit& exit) {
  if (exit.code != kExitDone) return fail(program, exit.code, exit.output);
  std::fputs(exit.output.c_str(), stdout);
  return exit.code;
}

int fail(const std::string& program, int code, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), one_line(message).c_str());
  return code;
}

int guarded(const std::function<int()>& run) {
  std::set_terminate(end_with_a_line);
  base::keep_threads_small();
  return run();
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return base::one_line(text);
}

}  // namespace sluice::apps
