#include "agent/model/matrix.h"

#include <gmock/gmock.h>

#include <sstream>

namespace sluice::model {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Matrix three() {
  Matrix matrix = Matrix::closed(net::kTcp, net::Port::from_host(80),
                                 {{"shop", "db-0"}, {"shop", "web-0"}, {"", "internet"}});
  matrix.cells[1][0] = Cell::kAllow;
  matrix.cells[2][0] = Cell::kNoPath;
  return matrix;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(MatrixTable, ReadsAloud) {
  EXPECT_EQ(to_table(three(), false),
            "TCP 80, from the row to the column\n"
            "             1 2 3\n"
            "1 shop/db-0  - . .\n"
            "2 shop/web-0 # - .\n"
            "3 internet   ? . -\n"
            "# passes   . is stopped   - itself   ? no address family in common\n");
}

TEST(MatrixTable, FortyPodsWithLongNamesFitAndLineUp) {
  std::vector<ObjectName> pods;
  for (int i = 0; i < 40; ++i)
    pods.push_back({"a-namespace-with-a-long-name", "deployment-7d9c5b6f4-" + std::to_string(1000 + i)});
  const std::string table = to_table(Matrix::closed(net::kUdp, net::Port::from_host(53), pods), false);
  const auto lines = lines_of(table);
  for (size_t i = 1; i <= 42; ++i) EXPECT_EQ(lines[i].size(), lines[1].size()) << lines[i];
  EXPECT_LE(lines[1].size(), 120u);
  EXPECT_THAT(table, HasSubstr("40 = " + pods[39].to_text() + "\n"));
}

TEST(MatrixTable, ColoursAreOnlyAddedOnRequest) {
  EXPECT_THAT(to_table(three(), false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_table(three(), true), HasSubstr("\x1b[1;34m#\x1b[0m"));
}

TEST(MatrixJson, OneRowALine) {
  EXPECT_EQ(to_json({three()}),
            "{\"protocol\":\"TCP\",\"port\":80,\n \"pods\":[\"shop/db-0\",\"shop/web-0\",\"internet\"],\n"
            " \"cells\":[\n  [\"self\",\"deny\",\"deny\"],\n  [\"allow\",\"self\",\"deny\"],\n"
            "  [\"none\",\"deny\",\"self\"]]}\n");
}

TEST(MatrixJson, SeveralPortsAreAnArrayAndANameIsAText) {
  Matrix named = Matrix::closed(net::kTcp, {}, {});
  named.port_name = "http";
  EXPECT_EQ(to_json({Matrix::closed(net::kIcmp, {}, {}), named}),
            "[{\"protocol\":\"ICMP\",\"port\":0,\n \"pods\":[],\n \"cells\":[]},\n"
            "{\"protocol\":\"TCP\",\"port\":\"http\",\n \"pods\":[],\n \"cells\":[]}]\n");
  EXPECT_EQ(named.title(), "TCP http");
  EXPECT_THAT(to_table(named, false), HasSubstr("no address family in common or no such port\n"));
}

TEST(MatrixEmpty, IsStillAValue) {
  const Matrix none = Matrix::closed(net::kTcp, net::Port::from_host(1), {});
  EXPECT_EQ(lines_of(to_table(none, false)).size(), 3u);
  EXPECT_THAT(to_json({none}), HasSubstr("\"cells\":[]"));
}

}  // namespace
}  // namespace sluice::model
