#include "agent/source/decode/syntax_cause.h"

#include <algorithm>
#include <string>

#include "agent/base/excerpt.h"

namespace sluice::source::decode {
namespace {

std::string_view line_at(std::string_view text, uint32_t index) {
  for (; index > 0 && !text.empty(); --index)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

std::string_view trimmed(std::string_view line) {
  const size_t start = line.find_first_not_of(" \t"), end = line.find_last_not_of(" \t\r");
  return start == line.npos ? std::string_view() : line.substr(start, end - start + 1);
}

}  // namespace

bool holds_template(std::string_view text) {
  constexpr std::string_view kMarks[] = {"{{", "{%", "<%", "${"};
  return std::any_of(std::begin(kMarks), std::end(kMarks),
                     [&](std::string_view mark) { return text.find(mark) != text.npos; });
}

SyntaxError with_cause(SyntaxError error, std::string_view text, uint32_t first_line) {
  const uint32_t index = error.line > first_line ? error.line - first_line : 0;
  // The parser stumbles at the line or at the one behind it.
  for (uint32_t back = 0; back < 2 && back <= index; ++back)
    if (const auto line = line_at(text, index - back); holds_template(line))
      return {first_line + index - back, base::excerpt(trimmed(line)) + " " + std::string(kNotRendered),
              true};
  const std::string_view line = line_at(text, index);
  if (line.substr(0, std::min(line.find_first_not_of(" \t"), line.size())).find('\t') != line.npos)
    return {error.line, "is indented with a tab: write spaces"};
  return error;
}

}  // namespace sluice::source::decode
