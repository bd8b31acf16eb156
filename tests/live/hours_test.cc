// Live: a policy whose hours begin and end while nothing else happens.
#include "agent/times/clock/hours.h"

#include "tests/live/live_fixture.h"

namespace sluice::live {
namespace {

using std::chrono::seconds;
using times::clock::now;

void write_policy(const std::string& active) {
  std::ofstream(std::string(kManifests) + "/night.yaml")
      << "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: night\n  namespace: "
         "shop\n"
         "  annotations: {sluice.dev/active: \"" +
             active + "\"}\nspec: {podSelector: {}}\n";
}

// What the command prints.
std::string printed(const std::string& command) {
  return run_and_listen({"/bin/sh", "-c", std::string(SLUICECTL) + " " + command + " 1>&2"}).error;
}

TEST_F(Live, AnOpenStreamFollowsThePolicysHours) {
  up(lab::Topology::kRouted);
  auto open = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
  ASSERT_TRUE(open) << open.error().message();
  const times::Instant begin = now() + seconds(5), end = begin + seconds(6);
  write_policy(times::to_text(begin) + "/" + times::to_text(end));
  in_force();
  const std::string status = printed("status"), policies = printed("policies");
  expect_beats(*open, 3, "it has not begun");
  ASSERT_LT(now(), begin) << "this machine is too slow for this test";
  EXPECT_NE(
      status.find("hours       1 of 1 policy outside them (NetworkPolicy shop/night); next: NetworkPolicy "
                  "shop/night begins in "),
      std::string::npos)
      << status;
  EXPECT_NE(policies.find("outside its hours until " + times::to_text(begin)), std::string::npos) << policies;
  // Nothing is written from here on.
  while (open->beat(kSilenceMilliseconds)) ASSERT_LT(now(), end) << "it never began";
  EXPECT_GE(now(), begin);
  EXPECT_TRUE(open->beat(20'000)) << "it ended: TCP sends what was lost";
  EXPECT_GE(now(), end);
  const std::string after = printed("status");
  EXPECT_NE(after.find("hours       1 of 1 policy outside them (NetworkPolicy shop/night)\n"),
            std::string::npos)
      << after;
}

TEST_F(Live, HoursThatCannotBeReadAreAlwaysAndSaid) {
  up(lab::Topology::kRouted);
  write_policy("Mo-Fr 8-18");
  in_force();
  EXPECT_FALSE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31"));
  const std::string status = printed("status");
  EXPECT_NE(status.find("NetworkPolicy shop/night: metadata.annotations[\"sluice.dev/active\"]: \"Mo-Fr\" is "
                        "neither a day nor a time"),
            std::string::npos)
      << status;
}

}  // namespace
}  // namespace sluice::live
