// Log: structured lines on standard error: an event's name, then key=value pairs; or one JSON
// object a line.
//
// Laws:
//  1. An event is one line, whatever its values hold (controls and quotes are escaped).
//  2. Lines of libraries that speak to spdlog's default logger come out in the same form.
//
// Any thread.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/result.h"

namespace sluice::base {

enum class LogFormat { kText, kJson };
base::Result<LogFormat> parse_log_format(std::string_view text);  // "text", "json"
using LogLevel = spdlog::level::level_enum;
base::Result<LogLevel> parse_log_level(std::string_view text);  // "debug", "info", "warn", "error"

using LogFields = std::vector<std::pair<std::string_view, std::string>>;

// "apply epoch=3 what=\"2 objects\"", or for JSON "event":"apply","epoch":"3","what":"2 objects" (without
// braces).
std::string log_payload(LogFormat format, std::string_view event, const LogFields& fields);

class Log {
 public:
  Log(LogFormat format, LogLevel level);

  void write(LogLevel level, std::string_view event, const LogFields& fields = {}) const;
  void debug(std::string_view event, const LogFields& fields = {}) const {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, const LogFields& fields = {}) const {
    write(LogLevel::info, event, fields);
  }
  void warn(std::string_view event, const LogFields& fields = {}) const {
    write(LogLevel::warn, event, fields);
  }
  void error(std::string_view event, const LogFields& fields = {}) const {
    write(LogLevel::err, event, fields);
  }

 private:
  LogFormat format_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace sluice::base
