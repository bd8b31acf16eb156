#include "agent/picture/page.h"

#include <gmock/gmock.h>

namespace sluice::picture {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Page, TextsFromOutsideStayTexts) {
  const std::string evil = "</script><script>alert(1)</script>&\"'";
  const std::string page =
      to_html({evil, "<p>body</p>", "p { color: red }", "go();", boost::json::object{{"name", evil}}});
  EXPECT_THAT(
      page, HasSubstr("<title>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;</title>"));
  EXPECT_THAT(page, HasSubstr("\\u003c/script>\\u003cscript>alert(1)"));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("<p>body</p>"));
  EXPECT_THAT(page, HasSubstr("p { color: red }"));
}

TEST(Page, LoadsNothing) {
  const std::string page = to_html({"t", "", kGraphCss, kGraphJs, {}});
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* loads : {"src=", "href=", "@import", "url(", "fetch(", "http:", "https:"})
    EXPECT_THAT(page, Not(HasSubstr(loads)));
  for (const std::string_view script : {kGraphJs, kMatrixJs, kFlowsJs, kProblemJs, kDiffJs})
    for (const char* markup : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"})
      EXPECT_THAT(std::string(script), Not(HasSubstr(markup)));
}

}  // namespace
}  // namespace sluice::picture
