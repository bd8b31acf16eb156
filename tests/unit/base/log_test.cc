#include "agent/base/log.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

TEST(LogPayload, TextQuotesWhatIsNotPlain) {
  EXPECT_EQ(log_payload(LogFormat::kText, "applied", {{"epoch", "3"}, {"what", "2 objects"}, {"error", ""}}),
            R"(applied epoch=3 what="2 objects" error="")");
}

TEST(LogPayload, OneLineWhateverTheValueHolds) {
  for (const auto format : {LogFormat::kText, LogFormat::kJson}) {
    const auto payload = log_payload(format, "problem", {{"text", "a\nb\"c\\d\x01\u202e\u009b\x7f\xff"}});
    EXPECT_EQ(payload.find('\n'), std::string::npos) << payload;
    for (const char* hidden : {"\x01", "\u202e", "\u009b", "\x7f", "\xff"})
      EXPECT_EQ(payload.find(hidden), std::string::npos) << payload;
  }
}

TEST(LogPayload, Json) {
  EXPECT_EQ(log_payload(LogFormat::kJson, "drop", {{"pod", "prod/web"}, {"port", "80"}}),
            R"("event":"drop","pod":"prod/web","port":"80")");
}

TEST(LogLines, SpellTheLevelAsTheOptionDoes) {
  for (const char* name : {"debug", "info", "warn", "error"})
    for (const auto format : {LogFormat::kText, LogFormat::kJson}) {
      ::testing::internal::CaptureStderr();
      Log(format, LogLevel::debug).write(parse_log_level(name).value(), "x");
      const std::string line = ::testing::internal::GetCapturedStderr();
      const std::string expected = format == LogFormat::kText
                                       ? std::string("Z ") + name + " x\n"
                                       : std::string("Z\",\"level\":\"") + name + "\",\"event\":\"x\"}\n";
      EXPECT_TRUE(line.ends_with(expected)) << line;
    }
}

TEST(LogOptions, WrongOnesSayWhatIsRight) {
  EXPECT_EQ(parse_log_level("verbose").error().message(),
            "\"verbose\" is no log level: give debug, info, warn or error");
  EXPECT_EQ(parse_log_format("xml").error().message(), "\"xml\" is no log format: give text or json");
}

}  // namespace
}  // namespace sluice::base
