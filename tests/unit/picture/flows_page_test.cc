#include "agent/picture/flows_page.h"

#include <gmock/gmock.h>

namespace sluice::picture {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FlowsPage, IsServedWithItsFilesBesideIt) {
  const std::string page = to_served_html(flows_page(), "<nav></nav>");
  EXPECT_THAT(page, HasSubstr("<nav></nav><h1>What is denied now</h1>"));
  EXPECT_THAT(page, HasSubstr("<script src=\"/flows.js\">"));
  EXPECT_THAT(page, HasSubstr("<tbody id=\"rows\">"));
  EXPECT_EQ(asset("flows.js"), kFlowsJs);
  EXPECT_EQ(asset("flows.txt"), "");
}

TEST(FlowsPage, AProblemIsAText) {
  const std::string page = to_served_html(problem_page("<b>", "<script>", true), "");
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("comes back by itself"));
  EXPECT_THAT(to_served_html(problem_page("t", "p", false), ""), Not(HasSubstr("by itself")));
}

}  // namespace
}  // namespace sluice::picture
