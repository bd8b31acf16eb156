#include "agent/control/upkeep/upkeep.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::control::upkeep {
namespace {

using std::chrono::seconds;

class UpkeepTest : public ::testing::Test {
 protected:
  void look_for(seconds time) {
    for (const auto end = now_ + time; now_ < end; now_ += kLookAfter) upkeep_.look(now_);
  }

  boost::asio::io_context loop_;
  base::Result<size_t> pins_ = size_t{0};
  size_t asked_ = 0;  // for pins
  std::vector<std::string> told_;
  std::vector<bool> looked_;  // at programs; at all of them?
  Upkeep::Moment now_{seconds(1000)};
  Upkeep upkeep_{loop_,
                 {[this] {
                    ++asked_;
                    return pins_;
                  },
                  [this](const std::string& why) { told_.push_back(why); },
                  [this](bool all) { looked_.push_back(all); }}};
};

TEST_F(UpkeepTest, EachIsLookedAtEachTime) {
  look_for(seconds(10));
  EXPECT_EQ(asked_, 20u);
  EXPECT_EQ(looked_, std::vector<bool>(20, false));
}

TEST_F(UpkeepTest, AllProgramsAreLookedAtWherePinsWerePutBack) {
  pins_ = size_t{3};
  upkeep_.look(now_);
  pins_ = size_t{0};
  upkeep_.look(now_ += kLookAfter);
  EXPECT_EQ(looked_, (std::vector<bool>{true, false}));
  EXPECT_EQ(upkeep_.pins_put_back(), 3u);
}

TEST_F(UpkeepTest, PinsThatCannotBeKeptAreTriedMoreAndMoreSeldomAndProgramsAsBefore) {
  pins_ = base::Error("mount: Function not implemented");
  look_for(seconds(600));
  EXPECT_LT(asked_, 20u);
  EXPECT_EQ(looked_.size(), 1200u);
  EXPECT_EQ(told_, std::vector<std::string>(asked_, "mount: Function not implemented"));
  pins_ = size_t{1};
  look_for(seconds(61));
  EXPECT_EQ(told_.back(), "");
  const size_t before = asked_;
  look_for(seconds(10));
  EXPECT_EQ(asked_, before + 20) << "each time again";
}

}  // namespace
}  // namespace sluice::control::upkeep
