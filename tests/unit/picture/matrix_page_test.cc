#include "agent/picture/matrix_page.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/oracle/build.h"

namespace sluice::picture {
namespace {

using namespace oracle::build;
using ::testing::HasSubstr;
using ::testing::Not;

namespace json = boost::json;

json::value data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const size_t at = page.find(begin) + begin.size();
  return json::parse(page.substr(at, page.find("</script>", at) - at));
}

model::Cluster shop() {
  return cluster(
      pod("shop/db", "10.0.0.1").label("app", "db").port("sql", 5432),
      pod("shop/web-1", "10.0.0.2").label("app", "web").port("http", 80),
      pod("shop/web-2", "10.0.0.3").label("app", "web").port("http", 80),
      policy("shop/db").selects({{"app", "db"}}).ingress(rule().from(pods({{"app", "web"}})).tcp(5432)));
}

model::Matrix matrix(uint16_t port, bool web_reaches_db) {
  auto made =
      model::Matrix::closed(net::kTcp, number(port), {{"shop", "db"}, {"shop", "web-1"}, {"shop", "web-2"}});
  made.cells[0][1] = made.cells[0][2] = made.cells[1][2] = made.cells[2][1] = model::Cell::kAllow;
  if (web_reaches_db) made.cells[1][0] = made.cells[2][0] = model::Cell::kAllow;
  return made;
}

TEST(MatrixPage, PodsThatNoPolicyTellsApartShareARowAndAColumn) {
  const auto world = shop();
  const auto data = data_of(to_html(matrix_page({matrix(5432, true), matrix(80, false)}, &world)));
  EXPECT_EQ(json::serialize(data.at("pods")), R"(["shop/db","shop/web-1","shop/web-2"])");
  EXPECT_EQ(json::serialize(data.at("classes")), "[0,1,1]");
  EXPECT_EQ(json::serialize(data.at("ports").at(0).at("cells")), R"(["-#","##"])");
  EXPECT_EQ(json::serialize(data.at("ports").at(1).at("cells")), R"(["-#",".#"])");
  EXPECT_EQ(data.at("ports").at(1).at("title"), "TCP 80");
}

TEST(MatrixPage, SaysWhichRulesAllowAndWhichPoliciesIsolate) {
  const auto world = shop();
  const auto why = data_of(to_html(matrix_page({matrix(5432, true), matrix(80, false)}, &world))).at("why");
  const auto list = [&](const json::value& number) {
    return json::serialize(why.at("lists").at(number.to_number<size_t>()));
  };
  EXPECT_EQ(list(why.at("ingress").at(0)), R"(["shop/db"])");
  EXPECT_EQ(list(why.at("ingress").at(1)), "[]");
  EXPECT_EQ(list(why.at("rules").at(0).at(1).at(1)), R"(["shop/db:ingress[0]"])");  // web to db, its ingress
  EXPECT_EQ(list(why.at("rules").at(0).at(1).at(0)), "[]");
  EXPECT_EQ(list(why.at("rules").at(1).at(1).at(1)), "[]");
}

TEST(MatrixPage, SaysWhichRulesOfTiersDeny) {
  auto world = shop();
  const model::ClusterNetworkPolicy quiet =
      admin("quiet").selects({{"app", "db"}}).ingress(deny().from(namespaces_all()).tcp(80));
  world.cluster_policies[quiet.name] = quiet;
  const auto why = data_of(to_html(matrix_page({matrix(5432, true), matrix(80, false)}, &world))).at("why");
  const auto list = [&](const json::value& number) {
    return json::serialize(why.at("lists").at(number.to_number<size_t>()));
  };
  EXPECT_EQ(list(why.at("ingress").at(0)), R"(["Admin/quiet","shop/db"])");
  EXPECT_EQ(list(why.at("rules").at(0).at(1).at(1)), R"(["shop/db:ingress[0]"])");
  EXPECT_EQ(list(why.at("rules").at(1).at(1).at(1)), R"(["Admin/quiet:ingress[0]"])");
  EXPECT_EQ(why.at("denies").as_array(), json::array{why.at("rules").at(1).at(1).at(1)});
}

// Law 1: a matrix that tells such pods apart, measured while policy changed or by an engine that errs, is shown as it is.
TEST(MatrixPage, CellsAreTheMatrix) {
  const auto world = shop();
  auto odd = matrix(5432, true);
  odd.cells[2][0] = model::Cell::kDeny;
  const auto data = data_of(to_html(matrix_page({odd}, &world)));
  EXPECT_EQ(json::serialize(data.at("classes")), "[0,1,2]");
  EXPECT_EQ(json::serialize(data.at("ports").at(0).at("cells")), R"(["-##","#-#",".#-"])");
  EXPECT_FALSE(data.as_object().contains("why"));
}

TEST(MatrixPage, ANamedPortIsTheDestinationsOwn) {
  auto world = shop();
  world.pods.at({"shop", "web-2"}).ports.front().port = number(8080);
  auto named = matrix(0, false);
  named.port_name = "http";
  for (auto& row : named.cells) row[0] = model::Cell::kNoPath;
  named.cells[0][0] = model::Cell::kSelf;
  const auto data = data_of(to_html(matrix_page({named}, &world)));
  EXPECT_EQ(json::serialize(data.at("classes")), "[0,1,2]");
  EXPECT_EQ(data.at("ports").at(0).at("title"), "TCP http");
  EXPECT_EQ(json::serialize(data.at("ports").at(0).at("cells")), R"(["-##","?-#","?#-"])");
}

TEST(MatrixPage, WhatWasMeasuredIsNotExplained) {
  const std::string page = to_html(
      matrix_page({model::Matrix::closed(net::kIcmp, {}, {{"", "<script>&\"'"}, {"x", "y"}})}, nullptr));
  EXPECT_FALSE(data_of(page).as_object().contains("why"));
  EXPECT_THAT(page, Not(HasSubstr("<script>&")));
  EXPECT_THAT(page, HasSubstr("<title>Who reaches whom: ICMP</title>"));
  EXPECT_EQ(data_of(page).at("pods").at(0), "<script>&\"'");
}

TEST(MatrixPage, OfNoPods) {
  EXPECT_THAT(to_html(matrix_page({model::Matrix::closed(net::kTcp, number(1), {})}, nullptr)),
              HasSubstr("\"pods\":[]"));
}

}  // namespace
}  // namespace sluice::picture
