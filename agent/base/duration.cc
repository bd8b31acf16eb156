#include "agent/base/duration.h"

#include <charconv>

#include "agent/base/excerpt.h"

namespace sluice::base {

Result<std::chrono::milliseconds> parse_duration(const std::string& text) {
  const Error wrong(excerpt(text) + " is no duration: write 500ms, 10s or 2m, at most a day");
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(static_cast<const char*>(end), text.data() + text.size());
  const int64_t scale = unit == "ms"                  ? 1
                        : unit.empty() || unit == "s" ? 1000
                        : unit == "m"                 ? int64_t{60} * 1000
                                                      : 0;
  constexpr int64_t kDay = int64_t{24} * 3600 * 1000;
  if (code != std::errc() || scale == 0 || number < 0 || number > kDay / scale) return wrong;
  return std::chrono::milliseconds(number * scale);
}

}  // namespace sluice::base
