#include "agent/apps/ctl/status_text.h"

#include <gmock/gmock.h>

namespace sluice::apps::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::StatusReply healthy() {
  v1::StatusReply status;
  status.set_version("0.1.0");
  status.set_node("node-1");
  status.set_mode("enforce");
  status.set_default_verdict("strict");
  status.set_attach("tcx");
  status.set_source("manifests /m");
  status.set_uptime_seconds(7300);
  status.set_started(true);
  status.set_ready(true);
  status.set_epoch(4);
  auto* pods = status.add_objects();
  pods->set_name("Pod");
  pods->set_count(12);
  status.mutable_last_change()->set_unix_milliseconds(1'000'000);
  status.mutable_last_change()->set_what("1 object");
  status.mutable_last_change()->set_entries(3);
  status.mutable_last_change()->set_seconds(0.0042);
  return status;
}

TEST(StatusText, AtOneGlance) {
  const std::string text = status_text(healthy(), 1'005'000, false);
  EXPECT_THAT(text, HasSubstr("sluiced     0.1.0 on node-1, up 2 h\n"));
  EXPECT_THAT(text, HasSubstr("state       in force, epoch 4\n"));
  EXPECT_THAT(text, HasSubstr("mode        enforce, unknown pods closed, attached by tcx\n"));
  EXPECT_THAT(text, HasSubstr("objects     12 Pod\n"));
  EXPECT_THAT(text, HasSubstr("5 s ago: 1 object; 3 entries, 0 writes in 4.2 ms\n"));
  EXPECT_THAT(text, Not(HasSubstr("problems")));
}

TEST(StatusText, AFailureIsLoud) {
  auto status = healthy();
  status.set_last_error("map rules is full");
  status.add_problems("x.yaml: document 2: no object");
  const std::string text = status_text(status, 1'005'000, false);
  EXPECT_THAT(text, HasSubstr("FAILING"));
  EXPECT_THAT(text, HasSubstr("error       map rules is full\n"));
  EXPECT_THAT(text, HasSubstr("problems    x.yaml: document 2: no object\n"));
}

TEST(StatusText, NotReadyIsLoudAndSaysWhy) {
  auto status = healthy();
  status.set_ready(false);
  status.set_not_ready("--netns-dir /x: does not exist");
  const std::string text = status_text(status, 1'005'000, false);
  EXPECT_THAT(
      text, HasSubstr("state       in force, NOT READY: pods may be here that are not protected, epoch 4\n"));
  EXPECT_THAT(text, HasSubstr("not ready   --netns-dir /x: does not exist\n"));
}

TEST(CheckText, NamesTheRules) {
  v1::CheckReply reply;
  reply.set_verdict("allow");
  reply.mutable_egress()->set_opinion("none");
  reply.mutable_egress()->set_reason("10.0.0.9 is no pod's address");
  reply.mutable_ingress()->set_opinion("allow");
  reply.mutable_ingress()->add_rules("prod/p:ingress[0]");
  EXPECT_EQ(check_text(reply),
            "verdict     allow\n"
            "egress      none: 10.0.0.9 is no pod's address\n"
            "ingress     allow by prod/p:ingress[0]\n");
}

}  // namespace
}  // namespace sluice::apps::ctl
