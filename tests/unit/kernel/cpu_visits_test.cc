// Every CPU is visited, or it is said that it was not, in time.
#include "agent/kernel/cpu_visits.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <iterator>

namespace sluice::kernel {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{20};

cpu_set_t only(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return set;
}

bool every_cpu_is_ours() {
  for (int cpu = 0; cpu < ::sysconf(_SC_NPROCESSORS_ONLN); ++cpu) {
    const cpu_set_t set = only(cpu);
    bool ours = false;
    std::thread([&] { ours = ::sched_setaffinity(0, sizeof set, &set) == 0; }).join();
    if (!ours) return false;
  }
  return true;
}

// Lets nothing but interrupts onto CPU 0, from construction on until free() or `most` has passed.
class Hog {
 public:
  explicit Hog(std::chrono::milliseconds most) {
    thread_ = std::thread([this, most] {
      const cpu_set_t first = only(0);
      const sched_param priority{1};
      sound_ = ::sched_setaffinity(0, sizeof first, &first) == 0 &&
               ::sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
      runs_ = true;
      const auto end = steady_clock::now() + most;
      while (sound_ && !free_ && steady_clock::now() < end) continue;
    });
    while (!runs_) std::this_thread::yield();
  }
  Hog(const Hog&) = delete;
  Hog& operator=(const Hog&) = delete;
  ~Hog() { free(); }
  void free() {
    free_ = true;
    if (thread_.joinable()) thread_.join();
  }
  bool sound() const { return sound_; }

 private:
  std::atomic<bool> runs_ = false, sound_ = false, free_ = false;
  std::thread thread_;
};

TEST(CpuVisits, ReachesEveryCpuAgainAndAgain) {
  if (!every_cpu_is_ours()) GTEST_SKIP() << "some CPU is not this process's to run on";
  CpuVisits visits;
  for (int round = 0; round < 100; ++round) ASSERT_TRUE(visits.run(kPatience)) << round;
}

// As a user who may have no thread more.
[[noreturn]] void ask_without_a_thread() {
  constexpr uid_t kNobody = 65534;
  const rlimit none{1, 1};
  const bool scarce = ::setrlimit(RLIMIT_NPROC, &none) == 0 &&
                      (::getuid() != 0 || ::setresuid(kNobody, kNobody, kNobody) == 0);
  CpuVisits visits;
  ::_exit(scarce && !visits.run(kPatience) ? 0 : 1);
}

size_t threads() {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

TEST(CpuVisits, AtRestItHasNoThreadAndTheNextRunBeginsOne) {
  const size_t before = threads();
  CpuVisits visits;
  visits.rest();
  for (int again = 0; again < 2; ++again) {
    visits.run(kPatience);
    EXPECT_EQ(threads(), before + 1);
    visits.rest();
    EXPECT_EQ(threads(), before);
  }
}

TEST(CpuVisits, WithoutAThreadNothingIsVisitedAndNothingBreaks) {
  EXPECT_EXIT(ask_without_a_thread(), ::testing::ExitedWithCode(0), "");
}

TEST(CpuVisits, ACpuThatIsKeptIsNotVisitedAndNotWaitedFor) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2 || !every_cpu_is_ours())
    GTEST_SKIP() << "needs two CPUs of its own";
  cpu_set_t home, others;
  ASSERT_EQ(::sched_getaffinity(0, sizeof home, &home), 0);
  others = home;
  CPU_CLR(0, &others);
  ASSERT_EQ(::sched_setaffinity(0, sizeof others, &others), 0);
  {
    CpuVisits visits;
    Hog hog(std::chrono::milliseconds(500));
    if (hog.sound()) {
      EXPECT_FALSE(visits.run(std::chrono::milliseconds(20)));
      hog.free();
      EXPECT_TRUE(visits.run(kPatience)) << "the round that was late must not be taken for this one";
    }
    ::sched_setaffinity(0, sizeof home, &home);
    if (!hog.sound()) GTEST_SKIP() << "needs root: a real-time thread";
  }
}

}  // namespace
}  // namespace sluice::kernel
