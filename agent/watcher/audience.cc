#include "agent/watcher/audience.h"

#include "agent/source/feed/limits.h"

namespace sluice::watcher {
namespace {

// As long as the agent takes a line.
std::string bounded(std::string line) {
  if (line.size() <= source::feed::kFeedLongestText) return line;
  size_t end = source::feed::kFeedLongestText;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
  line.resize(end);
  return line;
}

// `all`: how many there are; of more than there is room for the last line says so.
template <typename Lines>
void add_lines(const std::vector<source::Finding>& findings, size_t all, Lines& lines) {
  const size_t room = source::feed::kFeedMostLines - static_cast<size_t>(lines.size());
  const size_t shown = all <= room ? all : room - 1;
  for (size_t i = 0; i < shown; ++i) *lines.Add() = bounded(findings[i].to_text());
  if (shown < all) *lines.Add() = "and " + std::to_string(all - shown) + " more";
}

}  // namespace

v1::SourceState state_of(const SourceNews& news) {
  v1::SourceState state;
  for (const std::string& line : news.away) state.add_problems(bounded(line));
  for (const std::string& line : news.notes) state.add_warnings(bounded(line));
  add_lines(news.problems, news.all_problems, *state.mutable_problems());
  add_lines(news.warnings, news.all_warnings, *state.mutable_warnings());
  return state;
}

}  // namespace sluice::watcher
