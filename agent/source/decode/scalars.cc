#include "agent/source/decode/scalars.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <string>

#include "agent/base/excerpt.h"

namespace sluice::source::decode {
namespace {

using base::Error;
using base::Result;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

void drop_sign(std::string_view& text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
}

size_t take_digits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?   (YAML 1.2 section 10.3.2; integers
// included)
bool is_decimal_number(std::string_view text) {
  drop_sign(text);
  size_t whole = take_digits(text);
  size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  if (whole + fraction == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    drop_sign(text);
    if (take_digits(text) == 0) return false;
  }
  return text.empty();
}

std::optional<int64_t> parse_digits(std::string_view digits, int base) {
  int64_t value = 0;
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || !std::isalnum(static_cast<unsigned char>(digits[0])) || code != std::errc() ||
      end != digits.data() + digits.size())
    return std::nullopt;
  return value;
}

struct Radix {
  std::string_view prefix;
  int base;
};
constexpr Radix kRadixes[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}};

bool has_radix(std::string_view text) {
  return std::any_of(std::begin(kRadixes), std::end(kRadixes), [&](const Radix& radix) {
    return text.starts_with(radix.prefix) && parse_digits(text.substr(radix.prefix.size()), radix.base);
  });
}

bool is_special_float(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  drop_sign(text);
  return text == ".inf" || text == ".Inf" || text == ".INF";
}

// "+02:00", "-0130" is refused; seconds east of UTC.
std::optional<int64_t> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  auto digits = std::string(text.substr(1, 2)) + std::string(text.substr(4, 2));
  if (!all_digits(digits)) return std::nullopt;
  int hours = (digits[0] - '0') * 10 + (digits[1] - '0'),
      minutes = (digits[2] - '0') * 10 + (digits[3] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  int64_t seconds = hours * 3600 + minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::string_view plain_type(std::string_view text) {
  if (parse_boolean(text)) return "a boolean";
  if (text.find('_') != text.npos && !text.starts_with('_')) {
    std::string digits(text);
    std::erase(digits, '_');
    return parse_boolean(digits) ? std::string_view() : plain_type(digits);
  }
  std::string_view magnitude = text;
  drop_sign(magnitude);
  if (has_radix(magnitude) || is_decimal_number(text) || is_special_float(text)) return "a number";
  return {};
}

std::optional<int64_t> parse_integer(std::string_view text) {
  for (const Radix& radix : kRadixes)
    if (text.starts_with(radix.prefix)) return parse_digits(text.substr(radix.prefix.size()), radix.base);
  bool negative = text.starts_with('-');
  drop_sign(text);
  if (!all_digits(text) || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  auto value = parse_digits(text, 10);
  if (value && negative) value = -*value;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  static constexpr std::string_view kTrue[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                               "on",   "On",   "ON",   "y",   "Y"};
  static constexpr std::string_view kFalse[] = {"false", "False", "FALSE", "no", "No", "NO",
                                                "off",   "Off",   "OFF",   "n",  "N"};
  if (std::find(std::begin(kTrue), std::end(kTrue), text) != std::end(kTrue)) return true;
  if (std::find(std::begin(kFalse), std::end(kFalse), text) != std::end(kFalse)) return false;
  return std::nullopt;
}

Result<int64_t> parse_timestamp(std::string_view text) {
  auto fault = [&] {
    return Error(base::excerpt(text) +
                 " is not a time: write it as RFC 3339 does, e.g. 2024-05-01T12:00:00Z");
  };
  // 2024-05-01T12:00:00
  static constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kShape.size() + 1) return fault();
  for (size_t i = 0; i < kShape.size(); ++i) {
    bool fits = kShape[i] == 'd'   ? is_digit(text[i])
                : kShape[i] == 'T' ? (text[i] == 'T' || text[i] == 't')
                                   : text[i] == kShape[i];
    if (!fits) return fault();
  }
  auto number = [&](size_t at, size_t size) {
    return static_cast<int>(*parse_digits(text.substr(at, size), 10));
  };
  std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                   std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                   std::chrono::day(static_cast<unsigned>(number(8, 2))));
  int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return fault();
  std::string_view rest = text.substr(kShape.size());
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (take_digits(rest) == 0) return fault();
  }
  auto offset = parse_offset(rest);
  if (!offset) return fault();
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + hour * 3600 + minute * 60 + second - *offset;
}

}  // namespace sluice::source::decode
