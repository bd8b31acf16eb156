#include <algorithm>
#include <array>

#include "agent/base/excerpt.h"
#include "agent/lint/formats.h"

namespace sluice::lint {
namespace {

// ECMA-48 SGR.
constexpr std::string_view kBold = "\x1b[1m", kDim = "\x1b[2m", kPlain = "\x1b[0m";

std::string_view colour_of(Level level) {
  switch (level) {
    case Level::kError:
      return "\x1b[31m";
    case Level::kWarning:
      return "\x1b[33m";
    case Level::kInfo:
      return "\x1b[36m";
  }
  return {};
}

std::string painted(std::string_view text, std::string_view colour, bool use) {
  return use ? std::string(colour) + std::string(text) + std::string(kPlain) : std::string(text);
}

std::string padded(std::string_view text, size_t width) {
  return std::string(text) + std::string(width - std::min(width, text.size()), ' ');
}

// "NetworkPolicy shop/x: spec.egress"; empty where neither is known.
std::string subject_of(const Finding& finding) {
  std::string subject = finding.object;
  if (!finding.field.empty()) subject += (subject.empty() ? "" : ": ") + finding.field;
  return base::one_line(subject);
}

std::string counts_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const Level level : {Level::kError, Level::kWarning, Level::kInfo}) {
    const auto count = std::count_if(findings.begin(), findings.end(), [&](const Finding& finding) {
      return facts_of(finding.rule).level == level;
    });
    if (count > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(to_text(level)) +
              (count > 1 && level != Level::kInfo ? "s" : "");
  }
  return text.empty() ? "nothing found" : text;
}

// Of the data of a workflow command.
std::string escaped_data(std::string_view text) {
  std::string escaped;
  for (const char c : base::printable(text, "\r\n")) {
    if (c == '%')
      escaped += "%25";
    else if (c == '\r')
      escaped += "%0D";
    else if (c == '\n')
      escaped += "%0A";
    else
      escaped += c;
  }
  return escaped;
}

// Of a property of one.
std::string escaped_property(std::string_view text) {
  std::string escaped;
  for (const char c : escaped_data(text)) {
    if (c == ':')
      escaped += "%3A";
    else if (c == ',')
      escaped += "%2C";
    else
      escaped += c;
  }
  return escaped;
}

std::string_view command_of(Level level) {
  switch (level) {
    case Level::kError:
      return "error";
    case Level::kWarning:
      return "warning";
    case Level::kInfo:
      return "notice";
  }
  return {};
}

}  // namespace

std::string to_text(const std::vector<Finding>& findings, bool colour) {
  size_t rule_width = 0, line_width = 0;
  for (const Finding& finding : findings) {
    rule_width = std::max(rule_width, facts_of(finding.rule).id.size());
    line_width = std::max(line_width, std::to_string(finding.line).size());
  }
  const size_t level_width = to_text(Level::kWarning).size();
  const std::string indent(line_width + 4, ' ');
  std::string text;
  const std::string* file = nullptr;
  for (const Finding& finding : findings) {
    if (file == nullptr || *file != finding.file)
      text += (file == nullptr ? "" : "\n") + painted(base::one_line(finding.file), kBold, colour) + "\n";
    file = &finding.file;
    const RuleFacts& rule = facts_of(finding.rule);
    const std::string line = std::to_string(finding.line);
    text += std::string(2 + line_width - line.size(), ' ') + painted(line, kDim, colour) + "  " +
            painted(padded(to_text(rule.level), level_width), colour_of(rule.level), colour) + "  " +
            padded(rule.id, rule_width) + "  " + subject_of(finding) + "\n";
    text += indent + base::one_line(finding.message) + "\n";
    text += indent + painted("mend: " + base::one_line(finding.mend), kDim, colour) + "\n";
  }
  return text + (findings.empty() ? "" : "\n") + counts_of(findings) + "\n";
}

std::string to_github(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    const RuleFacts& rule = facts_of(finding.rule);
    text += "::" + std::string(command_of(rule.level)) + " file=" + escaped_property(finding.file);
    if (finding.line > 0) text += ",line=" + std::to_string(finding.line);
    const std::string subject = subject_of(finding);
    text +=
        ",title=" + escaped_property(rule.id) + "::" +
        escaped_data((subject.empty() ? "" : subject + ": ") + finding.message + "\nmend: " + finding.mend) +
        "\n";
  }
  return text;
}

}  // namespace sluice::lint
