// The model checker: after any sequence of changes and faults, at the server, on the wire and at the agent,
// the agent's objects are the server's. Sequences are drawn from seeds; a failing one is named by its seed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/kubeapi/invented.h"
#include "tests/kubeapi/stack.h"

namespace sluice::kubeapi {
namespace {

using model::Kind;
using std::chrono::milliseconds;

constexpr int kSteps = 120, kRoundsBetweenChecks = 30, kNames = 40;

// How many requests to come take which fault; any thread.
class Weather {
 public:
  void set(Fault fault, int requests) {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
    left_ = requests;
  }
  Fault next() {
    const std::lock_guard lock(mutex_);
    return left_-- > 0 ? fault_ : Fault::kNone;
  }

 private:
  std::mutex mutex_;
  Fault fault_ = Fault::kNone;
  int left_ = 0;
};

class Walk {
 public:
  Walk(unsigned seed, Stack& stack, Weather& weather) : random_(seed), stack_(stack), weather_(weather) {}

  void step() {
    switch (below(14)) {
      case 0:
        return stack_.world.compact();
      case 1:
        return stack_.world.bookmark();
      case 2:
        return stack_.api.drop_connections();
      case 3:
      case 4:
        return weather_.set(static_cast<Fault>(below(kFaults)), 1 + below(6));
      case 5:
        agent_listens_ = !agent_listens_;
        return agent_listens_ ? stack_.agent.start() : stack_.agent.stop(below(2) == 0);
      case 6:
        return stack_.run_for(milliseconds(below(60)));
      default:
        return change();
    }
  }
  void calm_down() {
    weather_.set(Fault::kNone, 0);
    if (!std::exchange(agent_listens_, true)) stack_.agent.start();
  }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  void change() {
    const Kind kind = model::kKinds[below(std::size(model::kKinds))];
    for (int i = 1 + below(8); i > 0; --i) {
      const auto names = stack_.world.names(kind);
      if (below(3) == 0 && !names.empty())
        stack_.world.remove(kind, names[static_cast<size_t>(below(static_cast<int>(names.size())))]);
      else if (below(20) == 0)
        stack_.world.put(kind, invent_odd(kind, 900 + below(3), random_));  // names that nothing sensible has
      else
        stack_.world.put(kind, invent(kind, below(kNames), random_));
    }
  }

  std::mt19937 random_;
  Stack& stack_;
  Weather& weather_;
  bool agent_listens_ = true;
};

void check(unsigned seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Weather weather;
  Stack::Options options;
  options.protobuf = seed % 2 == 0;
  options.page_items = 1 + static_cast<int>(seed % 7);
  options.script = [&weather](const Asked&) { return weather.next(); };
  Stack stack(std::move(options));
  stack.agent.start();
  stack.start();
  Walk walk(seed, stack, weather);
  for (int step = 1; step <= kSteps; ++step) {
    walk.step();
    if (step % kRoundsBetweenChecks != 0) continue;
    walk.calm_down();
    ASSERT_TRUE(stack.run_until_equal())
        << "step " << step << ": " << stack.watcher().not_ready()
        << "\nmissing or more: " << model::difference(stack.agent.cluster(), stack.world.cluster()).size();
    ASSERT_EQ(stack.agent.broken(), "") << "step " << step;
  }
}

// SLUICE_KUBEAPI_SEEDS=FROM:COUNT for a longer run.
TEST(ModelChecker, AfterAnySequenceTheAgentHoldsWhatTheServerHolds) {
  unsigned from = 1, count = 20;
  if (const char* wanted = std::getenv("SLUICE_KUBEAPI_SEEDS"); wanted != nullptr) {
    ASSERT_EQ(std::sscanf(wanted, "%u:%u", &from, &count), 2) << "write FROM:COUNT";
  }
  for (unsigned seed = from; seed < from + count && !testing::Test::HasFatalFailure(); ++seed) check(seed);
}

}  // namespace
}  // namespace sluice::kubeapi
