#include "agent/picture/graph_page.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "tests/oracle/build.h"

namespace sluice::picture {
namespace {

using namespace oracle::build;
using ::testing::HasSubstr;
using ::testing::Not;

boost::json::value data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const size_t at = page.find(begin) + begin.size();
  return boost::json::parse(page.substr(at, page.find("</script>", at) - at));
}

model::Cluster shop() {
  return cluster(
      pod("shop/web", "10.0.0.1").label("app", "web"), pod("shop/db", "10.0.0.2").label("app", "db"),
      policy("shop/db").selects({{"app", "db"}}).ingress(rule().from(pods({{"app", "web"}})).tcp(5432)),
      policy("shop/unused").selects({{"app", "nobody"}}));
}

TEST(GraphPage, HasNodesEdgesAndTheYamlOfWhatTheyName) {
  const auto world = shop();
  const auto data = data_of(to_html(graph_page(graph_of(world, {}), "<svg></svg>", world)));
  EXPECT_EQ(data.at("nodes").at(0).at("title"), "shop/db");
  EXPECT_EQ(data.at("nodes").at(0).at("in"), "rules");
  EXPECT_EQ(data.at("nodes").at(0).at("inBy").at(0), "shop/db");
  EXPECT_EQ(data.at("edges").at(0).at("what").at(0), "TCP 5432");
  EXPECT_EQ(data.at("edges").at(0).at("rules").at(0), "shop/db:ingress[0]");
  EXPECT_THAT(std::string(data.at("policies").at("shop/db").as_string()), HasSubstr("kind: NetworkPolicy\n"));
  EXPECT_EQ(data.at("policies").as_object().size(), 1u);
}

TEST(GraphPage, NamesPoliciesInAuditAndHasTheirYaml) {
  auto world = shop();
  world.policies.at({"shop", "db"}).audit = true;
  const auto data = data_of(to_html(graph_page(graph_of(world, {}), "<svg></svg>", world)));
  EXPECT_EQ(data.at("nodes").at(0).at("in"), "open");
  EXPECT_EQ(data.at("nodes").at(0).at("inAudit").at(0), "shop/db");
  EXPECT_EQ(data.at("nodes").at(0).at("outAudit").as_array().size(), 0u);
  EXPECT_THAT(std::string(data.at("policies").at("shop/db").as_string()),
              HasSubstr("sluice.dev/mode: audit"));
}

TEST(GraphPage, TakesTheElementOfTheSvgAlone) {
  const auto world = shop();
  const std::string page = to_html(graph_page(
      graph_of(world, {}), "<?xml version=\"1.0\"?><!DOCTYPE svg SYSTEM \"x.dtd\"><svg><g/></svg>\n", world));
  EXPECT_THAT(page, HasSubstr("><svg><g/></svg>\n</div>"));
  EXPECT_THAT(page, Not(HasSubstr("DOCTYPE svg")));
}

TEST(GraphPage, SaysThatItIsDrawnByNamespace) {
  const auto world = shop();
  EXPECT_THAT(to_html(graph_page(graph_of(world, {0, 0}), "", world)),
              HasSubstr("2 kinds of pods would not be legible"));
  EXPECT_THAT(to_html(graph_page(graph_of(world, {}), "", world)), Not(HasSubstr("legible")));
}

}  // namespace
}  // namespace sluice::picture
