#include "agent/apps/kubectl/merge.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace sluice::apps::kubectl {
namespace {

// Sorts behind every date: sluicectl leaves out today's.
constexpr char kToday[] = "~ ";

constexpr std::string_view kDate = "dddd-dd-dd", kClock = "dd:dd:dd";

bool begins_as(std::string_view text, std::string_view pattern) {
  return text.size() >= pattern.size() &&
         std::ranges::equal(text.substr(0, pattern.size()), pattern, [](char c, char wanted) {
           return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted;
         });
}

}  // namespace

std::string time_key(const std::string& line, Form form) {
  if (form == Form::kJson) {
    boost::system::error_code code;
    const auto value = boost::json::parse(line, code);
    if (code || !value.is_object()) return {};
    const auto* time = value.get_object().if_contains("time");
    return time != nullptr && time->is_string() ? std::string(time->get_string()) : std::string();
  }
  const auto until_blank = [&line](size_t from) { return line.substr(0, line.find(' ', from)); };
  if (begins_as(line, kClock)) return kToday + until_blank(0);
  if (begins_as(line, kDate)) return until_blank(kDate.size() + 1);
  return {};
}

void LineMerge::add(size_t stream, std::string key, std::string text, Time now) {
  Stream& of = streams_[stream];
  if (!key.empty()) of.last = std::move(key);
  of.lines.push_back({stream, of.last, std::move(text), now});
}

LineMerge::Stream* LineMerge::next(Time now) {
  Stream* first = nullptr;
  bool all_wait = true, waited = false;
  for (Stream& stream : streams_) {
    if (stream.lines.empty()) {
      all_wait = all_wait && stream.ended;
      continue;
    }
    waited = waited || (hold_ && stream.lines.front().came + *hold_ <= now);
    if (first == nullptr || stream.lines.front().key < first->lines.front().key) first = &stream;
  }
  return all_wait || waited ? first : nullptr;
}

std::vector<LineMerge::Line> LineMerge::take(Time now) {
  std::vector<Line> out;
  while (Stream* stream = next(now)) {
    out.push_back(std::move(stream->lines.front()));
    stream->lines.pop_front();
  }
  return out;
}

std::optional<LineMerge::Time> LineMerge::due() const {
  std::optional<Time> first;
  if (!hold_) return first;
  for (const Stream& stream : streams_)
    if (!stream.lines.empty() && (!first || stream.lines.front().came + *hold_ < *first))
      first = stream.lines.front().came + *hold_;
  return first;
}

}  // namespace sluice::apps::kubectl
