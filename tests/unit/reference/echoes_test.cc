// Pings: semantics 28, with 19, 23 and 36. The pod prod/web may ask 10.0.0.2 and nobody may ask it; the far
// end's side is not looked at.
#include "agent/reference/echoes.h"

#include <gtest/gtest.h>

#include "tests/oracle/build.h"

namespace sluice::reference {
namespace {

using namespace oracle::build;
using model::Direction;
using model::Verdict;

constexpr Direction kOut = Direction::kEgress, kIn = Direction::kIngress;
constexpr auto kRequest = Echo::Kind::kRequest, kReply = Echo::Kind::kReply, kOther = Echo::Kind::kOther;

PolicyBuilder asks_alone() {
  return policy("prod/p").types({kIn, kOut}).egress(rule().to(block("10.0.0.2/32")));
}
PolicyBuilder is_asked_alone() {
  return policy("prod/p").types({kIn, kOut}).ingress(rule().from(block("10.0.0.2/32")));
}
model::Cluster world(const PolicyBuilder& of_web) {
  return cluster(pod("prod/web", "10.0.0.1").on("n1"), node("n1"), of_web);
}
Echo echo(Direction direction, Echo::Kind kind, uint16_t identifier, const char* far = "10.0.0.2") {
  return {{"prod", "web"}, ip("10.0.0.1"), ip(far), direction, kind, identifier};
}

struct Step {
  Echo packet;
  Verdict verdict;
};
struct EchoRow {
  const char* because;
  std::vector<Step> before;
  std::vector<model::Change> changes;
  std::vector<Step> after;
};

TEST(Echoes, Rows) {
  const Verdict yes = Verdict::kAllow, no = Verdict::kDeny;
  const std::vector<model::Change> reversed = {model::Change::upsert(model::Object(is_asked_alone()))};
  const std::vector<model::Change> opened = {model::Change::remove(model::id_of(asks_alone()))};
  const EchoRow rows[] = {
      {"the reply belongs to the request before it",
       {{echo(kIn, kReply, 7), no}, {echo(kOut, kRequest, 7), yes}, {echo(kIn, kReply, 7), yes}},
       {},
       {}},
      {"not one with another identifier, nor from another",
       {{echo(kOut, kRequest, 7), yes},
        {echo(kIn, kReply, 8), no},
        {echo(kIn, kReply, 7, "10.0.0.3"), no},
        {echo(kOut, kRequest, 7, "10.0.0.3"), no}},
       {},
       {}},
      {"an allowed ping lets nobody ping back",
       {{echo(kOut, kRequest, 7), yes}, {echo(kIn, kRequest, 7), no}, {echo(kIn, kOther, 0), no}},
       {},
       {}},
      {"a reply to nothing is ICMP, whose connection the pair shares",
       {{echo(kOut, kReply, 7), yes},
        {echo(kIn, kOther, 0), yes},
        {echo(kIn, kReply, 9), yes},
        {echo(kIn, kRequest, 7), no}},
       {},
       {}},
      {"what is no longer allowed is not opened by its reply, and may be the other way",
       {{echo(kOut, kRequest, 7), yes}},
       reversed,
       {{echo(kIn, kReply, 7), no},
        {echo(kOut, kRequest, 7), no},
        {echo(kIn, kRequest, 7), yes},
        {echo(kOut, kReply, 7), yes},
        {echo(kIn, kReply, 8), yes}}},
      {"without isolation all pass",
       {{echo(kOut, kRequest, 7), yes}, {echo(kIn, kRequest, 7), no}},
       opened,
       {{echo(kIn, kReply, 7), yes}, {echo(kIn, kRequest, 7), yes}, {echo(kIn, kReply, 8), yes}}},
  };
  for (const EchoRow& row : rows) {
    Echoes echoes{{}, row.changes, {}};
    std::vector<Verdict> wanted;
    for (const Step& step : row.before) echoes.before.push_back(step.packet), wanted.push_back(step.verdict);
    for (const Step& step : row.after) echoes.after.push_back(step.packet), wanted.push_back(step.verdict);
    EXPECT_EQ(evaluate(world(asks_alone()), echoes), wanted) << row.because;
  }
}

}  // namespace
}  // namespace sluice::reference
