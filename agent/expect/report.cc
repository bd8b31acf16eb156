// A Report as text, TAP and JUnit XML.
#include "agent/base/excerpt.h"
#include "agent/base/markup.h"
#include "agent/expect/expectations.h"

namespace sluice::expect {
namespace {

constexpr size_t kFailuresShown = 10, kPairsShown = 20;

std::string counted(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string pair_of(const Failure& failure) {
  return base::one_line(failure.from.empty() ? failure.what
                                             : failure.from + " -> " + failure.to + " " + failure.what);
}

std::string indented(const std::string& text, const char* margin) {
  std::string all;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    all += margin + base::one_line(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return all;
}

// What went wrong, with the explanation of `check` under each.
std::string details(const Outcome& outcome, const char* margin) {
  std::string text;
  for (size_t i = 0; i < outcome.failures.size() && i < kFailuresShown; ++i) {
    text += margin + pair_of(outcome.failures[i]) + "\n";
    text += indented(outcome.failures[i].explanation, (std::string(margin) + "  ").c_str());
  }
  if (outcome.failures.size() > kFailuresShown)
    text += margin + ("and " + counted(outcome.failures.size() - kFailuresShown, "pair") + " more\n");
  return text;
}

size_t failed_of(const Report& report) {
  size_t failed = 0;
  for (const Outcome& outcome : report.outcomes) failed += !outcome.passed();
  return failed;
}

}  // namespace

std::string to_text(const Report& report, bool colour) {
  std::string text;
  const auto paint = [&](const char* word, const char* code) {
    return colour ? "\033[" + std::string(code) + "m" + word + "\033[0m" : std::string(word);
  };
  for (const Outcome& outcome : report.outcomes) {
    text += (outcome.passed() ? paint("ok    ", "32") : paint("FAILED", "31")) + "  " +
            outcome.expectation.name +
            (outcome.pairs > 1 ? " (" + counted(outcome.pairs, "pair") + ")" : "") + "\n";
    if (!outcome.passed())
      text += "        " + base::one_line(outcome.expectation.file) + ": line " +
              std::to_string(outcome.expectation.line) + "\n";
    text += details(outcome, "        ");
  }
  const size_t failed = failed_of(report);
  return text + counted(report.outcomes.size(), "expectation") + ", " +
         (failed == 0 ? "all met" : std::to_string(failed) + " failed") + "\n";
}

std::string to_tap(const Report& report) {
  std::string text = "TAP version 13\n1.." + std::to_string(report.outcomes.size()) + "\n";
  size_t number = 0;
  for (const Outcome& outcome : report.outcomes) {
    std::string name = outcome.expectation.name;
    for (char& c : name)
      if (c == '#' || c == '\n') c = ' ';  // a directive begins with it
    text += (outcome.passed() ? "ok " : "not ok ") + std::to_string(++number) + " - " + name + "\n";
    text += indented(details(outcome, ""), "# ");
  }
  return text;
}

std::string to_junit(const Report& report) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"sluicectl test\" "
      "tests=\"" +
      std::to_string(report.outcomes.size()) + "\" failures=\"" + std::to_string(failed_of(report)) +
      "\" errors=\"0\">\n";
  for (const Outcome& outcome : report.outcomes) {
    text += "<testcase classname=\"" + base::escaped_markup(outcome.expectation.file) + "\" name=\"" +
            base::escaped_markup(outcome.expectation.name) + "\"";
    if (outcome.passed())
      text += "/>\n";
    else
      text += ">\n<failure message=\"" + base::escaped_markup(pair_of(outcome.failures.front())) + "\">" +
              base::escaped_markup(details(outcome, "")) + "</failure>\n</testcase>\n";
  }
  return text + "</testsuite>\n</testsuites>\n";
}

std::string to_text(const Coverage& coverage) {
  std::string text = "rules that no expectation exercises: " + std::to_string(coverage.rules.size()) +
                     " of " + std::to_string(coverage.rules_in_all) + "\n";
  for (const std::string& rule : coverage.rules) text += "  " + rule + "\n";
  text += "pairs that nobody said anything about: " + std::to_string(coverage.pairs.size()) + " of " +
          std::to_string(coverage.pairs_in_all) + "\n";
  for (size_t i = 0; i < coverage.pairs.size() && i < kPairsShown; ++i)
    text += "  " + coverage.pairs[i].first + " -> " + coverage.pairs[i].second + "\n";
  if (coverage.pairs.size() > kPairsShown)
    text += "  and " + std::to_string(coverage.pairs.size() - kPairsShown) + " more\n";
  return text;
}

}  // namespace sluice::expect
