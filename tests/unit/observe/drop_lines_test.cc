// What of denied packets goes to the log.
#include "agent/observe/drop_lines.h"

#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

class DropLinesTest : public ::testing::Test {
 protected:
  static DropLines::Time at(int milliseconds) {
    return DropLines::Time(std::chrono::milliseconds(milliseconds + 1'000'000));
  }
  std::string drain() { return std::exchange(written_, ""); }

  std::string written_;
  DropLines lines_{[this](const LogLine& line) {
    for (const auto& [key, value] : line) written_ += std::string(key) + "=" + value + " ";
    written_ += "\n";
  }};
};

TEST_F(DropLinesTest, TheFirstAtOnceThenASummary) {
  FlowRecord record = denied_record();
  lines_.add(record, at(0));
  EXPECT_EQ(drain(),
            "direction=ingress source=shop/web-1 destination=shop/api-1 source_ip=10.244.1.21 "
            "destination_ip=10.244.1.31 protocol=TCP port=8080 reason=no_rule "
            "isolated_by=shop/api-from-web,shop/default-deny id=1f-7 count=1 \n");
  record.source.port = net::Port::from_host(9);
  record.count = 40;
  lines_.add(record, at(1000));
  lines_.add(record, at(2000));
  EXPECT_EQ(drain(), "");
  EXPECT_EQ(lines_.next(), at(5000));
  lines_.summarise(at(4999));
  EXPECT_EQ(drain(), "");
  lines_.summarise(at(5000));
  EXPECT_NE(drain().find("count=80 \n"), std::string::npos);
  lines_.summarise(at(10000));
  EXPECT_EQ(drain(), "") << "there were no more";
  EXPECT_FALSE(lines_.next());
  lines_.add(record, at(11000));
  EXPECT_NE(drain().find("count=40 \n"), std::string::npos) << "a first one again";
}

TEST_F(DropLinesTest, TheRuleOfAClusterNetworkPolicyThatDenies) {
  FlowRecord record = denied_record();
  record.isolated_by.clear();
  record.rule = "Admin/no-metadata:ingress[0]";
  lines_.add(record, at(0));
  EXPECT_NE(drain().find("reason=no_rule denied_by=Admin/no-metadata:ingress[0] id=1f-7"), std::string::npos);
  EXPECT_EQ(event_of({{"reason", "no_rule"}, {"denied_by", "Admin/no-metadata:ingress[0]"}}), "drop");
}

TEST_F(DropLinesTest, AnAddressThatNoNameIsLearntFor) {
  FlowRecord record = denied_record();
  record.no_name_learnt = true;
  lines_.add(record, at(0));
  EXPECT_NE(drain().find("hint=no name learnt for 10.244.1.31 id=1f-7"), std::string::npos);
  record.no_name_learnt = false;
  lines_.add(record, at(1));
  EXPECT_EQ(drain(), "") << "the same pair, learnt meanwhile";
}

TEST_F(DropLinesTest, OtherPairsHaveLinesOfTheirOwn) {
  FlowRecord record = denied_record();
  lines_.add(record, at(0));
  record.verdict = Verdict::kAudit;
  lines_.add(record, at(0));
  record.destination.port = net::Port::from_host(81);
  lines_.add(record, at(0));
  const std::string text = drain();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_NE(text.find("audit=true"), text.npos);
  EXPECT_EQ(event_of({{"reason", "no_rule"}}), "drop");
  EXPECT_EQ(event_of({{"reason", "policy"}, {"rule", "shop/web:ingress[0]"}}), "allowed");
}

TEST_F(DropLinesTest, BeyondItsRoomTheyAreOneLine) {
  FlowRecord record = denied_record();
  for (size_t i = 0; i < DropLines::kMostPairs + 3; ++i) {
    record.destination.pod = "p" + std::to_string(i);
    lines_.add(record, at(0));
  }
  drain();
  lines_.summarise(at(5000));
  EXPECT_EQ(drain(), "source=others count=3 \n");
}

}  // namespace
}  // namespace sluice::observe
