#include "agent/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "agent/base/excerpt.h"

namespace sluice::base {
namespace {

constexpr char kTextPattern[] = "%Y-%m-%dT%H:%M:%S.%eZ %? %v";
constexpr char kJsonPattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%?",%v})";
constexpr char kForeignJsonPattern[] =
    R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%?","event":"library","text":%*})";

constexpr std::pair<LogLevel, std::string_view> kLevels[] = {
    {LogLevel::debug, "debug"}, {LogLevel::info, "info"}, {LogLevel::warn, "warn"}, {LogLevel::err, "error"}};

// %?: the level as --log-level spells it; what is worse than an error is one.
class LevelText final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    std::string_view text = message.level < LogLevel::debug ? "debug" : "error";
    for (const auto& [level, name] : kLevels)
      if (message.level == level) text = name;
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LevelText>(); }
};

// Controls that JSON has an escape for are left to it.
std::string quoted_value(std::string_view value) {
  static const std::string escaped = [] {
    std::string all;
    for (char c = 0; c < 0x20; ++c) all += c;
    return all;
  }();
  const std::string safe = printable(value, escaped);
  return boost::json::serialize(boost::json::string_view(safe.data(), safe.size()));
}

// %*: the message as a JSON string, for lines of libraries.
class JsonText final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = quoted_value({message.payload.data(), message.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonText>(); }
};

std::shared_ptr<spdlog::logger> logger(const std::string& name, const std::string& pattern, LogLevel level) {
  auto logger = std::make_shared<spdlog::logger>(name, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonText>('*').add_flag<LevelText>('?').set_pattern(pattern);
  logger->set_formatter(std::move(formatter));
  logger->set_level(level);
  logger->flush_on(LogLevel::trace);
  return logger;
}

bool is_plain(std::string_view value) {
  for (unsigned char c : value)
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f) return false;
  return !value.empty();
}

}  // namespace

base::Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LogFormat::kText;
  if (text == "json") return LogFormat::kJson;
  return base::Error(excerpt(text) + " is no log format: give text or json");
}

base::Result<LogLevel> parse_log_level(std::string_view text) {
  for (const auto& [level, name] : kLevels)
    if (text == name) return level;
  return base::Error(excerpt(text) + " is no log level: give debug, info, warn or error");
}

std::string log_payload(LogFormat format, std::string_view event, const LogFields& fields) {
  if (format == LogFormat::kJson) {
    std::string text = "\"event\":" + quoted_value(event);
    for (const auto& [key, value] : fields) text += "," + quoted_value(key) + ":" + quoted_value(value);
    return text;
  }
  std::string text(event);
  for (const auto& [key, value] : fields)
    text.append(" ").append(key).append("=").append(is_plain(value) ? value : quoted_value(value));
  return text;
}

Log::Log(LogFormat format, LogLevel level)
    : format_(format),
      logger_(logger("sluice", format == LogFormat::kJson ? kJsonPattern : kTextPattern, level)) {
  spdlog::set_default_logger(
      logger("library", format == LogFormat::kJson ? kForeignJsonPattern : kTextPattern, level));
}

void Log::write(LogLevel level, std::string_view event, const LogFields& fields) const {
  if (logger_->should_log(level)) logger_->log(level, "{}", log_payload(format_, event, fields));
}

}  // namespace sluice::base
