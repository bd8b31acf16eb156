// The law of change, as the order in which a plan is written.
#include "agent/image/plan.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::image {
namespace {

// Writes down what is done to it, and refuses what a test names.
class WrittenDown final : public Target {
 public:
  base::Status write(const Batch& batch) override { return note(batch.removal ? "remove" : "put"); }
  base::Status store(const EndpointWrite&) override { return note("endpoint"); }
  base::Status store(const InterfaceWrite& write) override {
    return note(write.endpoint < 0 ? "clear interface" : "interface");
  }
  base::Status set_prefix_flags(uint64_t) override { return note("flags"); }
  base::Status flip(uint64_t, uint64_t) override { return note("flip"); }
  base::Status wait_grace() override { return note("wait"); }

  std::string done, refuses;

 private:
  base::Status note(const std::string& what) {
    if (what == refuses) return base::Error("refused");
    done += (done.empty() ? "" : ", ") + what;
    return base::done();
  }
};

Plan plan_of_all() {
  Plan plan;
  plan.prepare = {{SLUICE_MAP_RULES, false, 1, {}, {}}};
  plan.undo = {{SLUICE_MAP_RULES, true, 1, {}, {}}};
  plan.endpoints.resize(1);
  plan.interfaces = {{7, 1}};
  plan.interfaces_after = {{8, -1}};
  plan.cleanup = {{SLUICE_MAP_RULES, true, 1, {}, {}}};
  plan.endpoints_after.resize(1);
  return plan;
}

TEST(Plan, FlipsOnceAllIsWritten) {
  WrittenDown maps;
  EXPECT_TRUE(put_in_force(plan_of_all(), maps).ok());
  EXPECT_EQ(maps.done, "flags, put, endpoint, interface, flip");
}

TEST(Plan, WaitsForPacketsUnderWayBeforeWhatItHasUndoneIsFree) {
  WrittenDown maps;
  maps.refuses = "interface";
  EXPECT_FALSE(put_in_force(plan_of_all(), maps).ok());
  EXPECT_EQ(maps.done, "flags, put, endpoint, remove, wait");
}

// Where stores may be seen out of order a flip waits before, and that may fail.
TEST(Plan, UndoesWhatCouldNotBePutInForce) {
  WrittenDown maps;
  maps.refuses = "flip";
  EXPECT_FALSE(put_in_force(plan_of_all(), maps).ok());
  EXPECT_EQ(maps.done, "flags, put, endpoint, interface, remove, wait");
}

// A packet of the new epoch that came by the interface of a pod that is gone still asks for what that pod had
// (tests/model/pods.pml).
TEST(Plan, WaitsAgainBeforeItTakesWhatAnInterfaceLedTo) {
  WrittenDown maps;
  EXPECT_TRUE(clean_up(plan_of_all(), maps).ok());
  EXPECT_EQ(maps.done, "wait, clear interface, wait, remove, endpoint, flags");
}

TEST(Plan, WaitsOnceWhereNoInterfaceIsCleared) {
  WrittenDown maps;
  Plan plan = plan_of_all();
  plan.interfaces_after.clear();
  EXPECT_TRUE(clean_up(plan, maps).ok());
  EXPECT_EQ(maps.done, "wait, remove, endpoint, flags");
}

}  // namespace
}  // namespace sluice::image
