#include "agent/picture/diff_page.h"

#include <gmock/gmock.h>

namespace sluice::picture {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DiffPage, BothListsAreThereWithoutTheScript) {
  rehearse::Changes changes;
  changes.opened.push_back(
      {"shop/<web>", "0.0.0.0/0", {"TCP", "80,443"}, {"shop/a:ingress[0]", "shop/b:ingress[1]"}});
  changes.closed.push_back({"shop/web", "shop/db", {"any", "all"}, {}});
  const std::string page = to_html(diff_page(changes));
  EXPECT_THAT(page, HasSubstr("<tr><td>shop/&lt;web&gt;<td>0.0.0.0/0<td>TCP 80,443<td>shop/a:ingress[0], "
                              "shop/b:ingress[1]</tr>"));
  EXPECT_THAT(page,
              HasSubstr("<tr><td>shop/web<td>shop/db<td>everything<td>no policy decides it any more</tr>"));
  EXPECT_THAT(page, HasSubstr("Opened (1)"));
  EXPECT_THAT(page, Not(HasSubstr("<web>")));
  EXPECT_THAT(to_html(diff_page({})), HasSubstr("Closed (0)"));
}

}  // namespace
}  // namespace sluice::picture
