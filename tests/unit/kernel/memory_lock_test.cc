// The memory-lock limit: which kernels count BPF memory against it, and what is said where it is too low.
#include "agent/kernel/memory_lock.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

namespace sluice::kernel {
namespace {

using ::testing::HasSubstr;

TEST(MemoryLock, CountsBpfMemoryBeforeLinux511) {
  struct Row {
    const char* release;
    bool counts;
  };
  for (const Row& row : {Row{"4.19.0-27-amd64", true}, Row{"5.10.0-33-amd64", true}, Row{"5.10.223", true},
                         Row{"5.11.0", false}, Row{"5.15.0-91-generic", false}, Row{"6.1.0-28-amd64", false},
                         Row{"6.18.0", false}, Row{"", false}, Row{"unknown", false}, Row{"5", false}})
    EXPECT_EQ(counts_bpf_memory(row.release), row.counts) << row.release;
}

TEST(MemoryLock, StandsInTheWayWhereItIsCountedAndLow) {
  EXPECT_TRUE((MemoryLock{true, 65536, 65536}.stands_in_the_way()));
  EXPECT_FALSE((MemoryLock{true, kUnlimitedLock, kUnlimitedLock}.stands_in_the_way()));
  EXPECT_FALSE((MemoryLock{false, 65536, 65536}.stands_in_the_way()));
}

TEST(MemoryLock, IsNamedWithWhatItIsAndMustBeAndTheThreeMends) {
  const std::string text = memory_lock_text({true, 65536, 65536});
  for (const char* part : {"RLIMIT_MEMLOCK", "64 KiB", "unlimited", "LimitMEMLOCK=infinity", "SYS_RESOURCE",
                           "`ulimit -l unlimited`"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_EQ(text.find('\n'), text.npos);
}

TEST(MemoryLock, IsReadAsItIs) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_MEMLOCK, &limit), 0);
  const auto lock = read_memory_lock();
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(lock->soft, limit.rlim_cur);
  EXPECT_EQ(lock->hard, limit.rlim_max);
}

}  // namespace
}  // namespace sluice::kernel
