// What the specification fixes: error objects.
#include "agent/cni/spec.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace sluice::cni {
namespace {

TEST(ErrorObject, IsJsonOnOneLineWhateverTheMessage) {
  for (const char* message : {"plain", "two\nlines \"quoted\"", "gr\xc3\xbcn", "no UTF-8: \xff\xc3("}) {
    const std::string text = to_json({Code::kInvalidEnvironment, message, message}, "1.0.0");
    EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
    boost::json::error_code code;
    const auto object = boost::json::parse(text, code);
    ASSERT_FALSE(code) << text;
    EXPECT_EQ(object.at("code").as_int64(), 4);
  }
  EXPECT_NE(to_json({Code::kIo, "gr\xc3\xbcn", ""}, "1.0.0").find("gr\xc3\xbcn"), std::string::npos);
  EXPECT_NE(to_json({Code::kIo, "a\xff", ""}, "1.0.0").find("\"a?\""), std::string::npos);
}

}  // namespace
}  // namespace sluice::cni
