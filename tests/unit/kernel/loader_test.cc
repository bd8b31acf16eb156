// The kernel that the programs are loaded into.
#include "agent/kernel/loader.h"

#include <gtest/gtest.h>

#include "sluice/limits.h"

namespace sluice::kernel {
namespace {

TEST(CheckKernel, TakesEveryKernelButPreemptRt) {
  struct Row {
    const char* version;
    bool runs;
  };
  for (const Row& row : {Row{"#1 SMP Debian 5.10.226-1 (2024-10-03)", true},
                         Row{"#1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2025-11-09)", true},
                         Row{"#1 SMP PREEMPT_RT Debian 6.12.57-1 (2025-11-05)", false}, Row{"", true}}) {
    const auto runs = check_kernel(row.version);
    EXPECT_EQ(runs.ok(), row.runs) << row.version;
    const std::string message = runs.ok() ? "" : runs.error().message();
    EXPECT_EQ(message.find("PREEMPT_RT") != message.npos, !row.runs) << message;
  }
}

TEST(RecentEntries, AreEachCpusOwnAndBoundedInAll) {
  struct Row {
    uint32_t cpus, part;
  };
  for (const Row& row :
       {Row{1, 8192}, Row{2, 8192}, Row{32, 8192}, Row{33, 4096}, Row{64, 4096}, Row{256, 1024}}) {
    const uint32_t part = recent_entries(8192, row.cpus);
    EXPECT_EQ(part, row.part) << row.cpus << " CPUs";
    EXPECT_LE(uint64_t{part} * row.cpus, uint64_t{8192} * SLUICE_RECENT_CPUS);
  }
}

TEST(StatsParts, AreOneForEachCpuAndBoundedInAll) {
  struct Row {
    uint32_t cpus, parts;
  };
  for (const Row& row : {Row{1, 1}, Row{2, 2}, Row{3, 4}, Row{32, 32}, Row{33, 32}, Row{512, 32}})
    EXPECT_EQ(stats_parts(row.cpus), row.parts) << row.cpus << " CPUs";
}

}  // namespace
}  // namespace sluice::kernel
