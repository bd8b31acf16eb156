// The arrays of the policy tables in the kernel: they grow under programs that read them, and outlive the agent.
#include "agent/kernel/table_arrays.h"

#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "agent/kernel/bpffs.h"
#include "agent/kernel/maps.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class TableArraysTest : public KernelTest {};

LoadOptions without_limit(LoadOptions options) {
  options.max_entries.erase(SLUICE_MAP_RULES);
  return options;
}

// Rules first, first + 1 …: allowed from `epoch` on.
image::Batch rules(uint64_t first, uint64_t count, uint64_t epoch) {
  image::Batch batch;
  batch.map = SLUICE_MAP_RULES;
  batch.count = static_cast<uint32_t>(count);
  const auto append = [](std::vector<uint8_t>& bytes, const auto& value) {
    const auto* begin = reinterpret_cast<const uint8_t*>(&value);
    bytes.insert(bytes.end(), begin, begin + sizeof value);
  };
  for (uint64_t i = first; i < first + count; ++i) {
    append(batch.keys, sluice_rule{i, i * 3 + 1});
    append(batch.values, sluice_cell{epoch, 0, SLUICE_REF(SLUICE_REF_ALL, 0)});
  }
  return batch;
}

size_t count_rules(const KernelMaps& maps) {
  return must(maps.read()).rules.size();
}

TEST_F(TableArraysTest, OneThatGrowsHoldsWhatItHeldAndOnlyTheNewArrayIsPinned) {
  constexpr uint64_t kMany = 6000;  // more than four times what the first array is for
  const auto dir = maps_dir(kPinDir);
  {
    const Programs programs = must(load(without_limit(small_pinned())));
    KernelMaps maps = must(KernelMaps::open(programs));
    const int before = programs.map(SLUICE_MAP_RULES).fd;
    EXPECT_GE(before, 0);
    EXPECT_TRUE(fs::exists(dir / "rules_0"));
    for (uint64_t at = 0; at < kMany; at += 500) EXPECT_OK(maps.write(rules(at, 500, 2)));
    EXPECT_EQ(count_rules(maps), kMany);
    EXPECT_NE(fs::exists(dir / "rules_0"), fs::exists(dir / "rules_1")) << "one of the two";
    EXPECT_OK(maps.flip(2, 1));
  }
  const Programs programs = must(load(without_limit(small_pinned())));
  KernelMaps maps = must(KernelMaps::open(programs));
  const auto contents = must(maps.read());
  ASSERT_EQ(contents.rules.size(), kMany);
  for (const auto& [rule, cell] : contents.rules) {
    ASSERT_EQ(rule.identity, rule.ruleset * 3 + 1);
    ASSERT_EQ(cell.now, SLUICE_REF(SLUICE_REF_ALL, 0));
    ASSERT_EQ(cell.since, 2U) << "pending facts went along";
  }
  EXPECT_OK(maps.write(rules(kMany, kMany, 3)));
  EXPECT_EQ(count_rules(maps), 2 * kMany) << "the next agent lets it grow on";
}

TEST_F(TableArraysTest, WhatAnAgentLeftThatDiedWhileATableGrewIsRemoved) {
  const auto dir = maps_dir(kPinDir);
  {
    const Programs programs = must(load(small_pinned()));
    KernelMaps maps = must(KernelMaps::open(programs));
    EXPECT_OK(maps.write(rules(0, 5, 2)));
    EXPECT_OK(programs.table_arrays().make(SLUICE_TABLE_RULES, 4096));
    EXPECT_TRUE(fs::exists(dir / "rules_1"));
  }
  const Programs programs = must(load(small_pinned()));
  KernelMaps maps = must(KernelMaps::open(programs));
  EXPECT_EQ(count_rules(maps), 5U);
  EXPECT_FALSE(fs::exists(dir / "rules_1"));
}

TEST_F(TableArraysTest, AnArrayThatIsGoneOrOfAnotherSizeIsAnErrorThatNamesIt) {
  const auto dir = maps_dir(kPinDir);
  { EXPECT_OK(KernelMaps::open(must(load(small_pinned())))); }
  fs::rename(dir / "rules_0", dir / "kept");
  const auto gone = load(small_pinned());
  ASSERT_FALSE(gone.ok());
  EXPECT_THAT(gone.error().message(), HasSubstr((dir / "rules_0").string()));
  fs::rename(dir / "services_0", dir / "rules_0");
  fs::rename(dir / "kept", dir / "services_0");
  EXPECT_OK(load(small_pinned()));  // as large as it should be; what stands in it is checked when it is read
  fs::remove(dir / "addresses4_0");
  fs::rename(dir / "prefix_lengths4", dir / "addresses4_0");
  const auto other = load(small_pinned());
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message(), HasSubstr((dir / "addresses4_0").string()));
  EXPECT_THAT(other.error().message(), HasSubstr("sluiced --detach"));
}

TEST_F(TableArraysTest, WhoOnlyLooksMakesNothing) {
  LoadOptions look = small_pinned();
  { const Programs programs = must(load(look)); }
  look.look_only = true;
  const Programs programs = must(load(look));
  const KernelMaps maps = must(KernelMaps::open(programs));
  EXPECT_TRUE(must(maps.read()).rules.empty());
  EXPECT_FALSE(fs::exists(maps_dir(kPinDir) / "rules_0"));
}

// What a look-only reader meets beside an agent at work: arrays whose pins come and go, and words that change
// between two steps of its own.
TEST_F(TableArraysTest, WhoLooksWhileATableGrowsFindsAnArrayThatIsWhole) {
  const Programs programs = must(load(small_pinned()));
  KernelMaps maps = must(KernelMaps::open(programs));
  const auto config = [&programs] {
    return must(MappedArray<sluice_config>::open(programs.map(SLUICE_MAP_CONFIG)));
  };
  constexpr size_t kSizes[] = {256, 512, 1024, 2048};
  constexpr int kLooksAtLeast = 3000;
  std::atomic<bool> done = false;
  std::atomic<int> shown = 0;
  std::thread agent([&] {
    TableArrays& arrays = programs.table_arrays();
    while (!done) {
      const size_t size = kSizes[shown % std::size(kSizes)];
      auto lines = arrays.make(SLUICE_TABLE_RULES, size);
      if (!lines) continue;
      lines->back().word[SLUICE_LINE_WORDS - 1] = size;
      if (arrays.show(SLUICE_TABLE_RULES)) ++shown;
    }
  });
  int torn = 0, looks = 0;
  std::string first;
  for (; looks < kLooksAtLeast || shown < 20; ++looks) {
    auto seen = TableArrays::open(-1, config(), maps_dir(kPinDir), true);
    const auto lines = seen ? (*seen)->in_force(SLUICE_TABLE_RULES) : std::span<sluice_line>();
    const bool whole = seen && (shown == 0 || lines.back().word[SLUICE_LINE_WORDS - 1] == lines.size());
    if (!whole && torn++ == 0) first = seen ? "another array" : seen.error().message();
  }
  done = true;
  agent.join();
  EXPECT_EQ(torn, 0) << "of " << looks << " looks at a table shown " << shown << " times; first: " << first;
}

TEST_F(TableArraysTest, WhatIsPinnedIsReadAsItIsByNowThoughATableGrewSinceTheProgramsWereLoaded) {
  LoadOptions options;  // as read_pinned() has them
  options.pin_dir = kPinDir;
  const Programs programs = must(load(options));
  KernelMaps maps = must(KernelMaps::open(programs));
  LoadOptions look = options;
  look.look_only = true;
  const Programs looking = must(load(look));
  EXPECT_OK(maps.write(rules(0, 6000, 2)));
  EXPECT_EQ(count_rules(must(KernelMaps::open(looking))), 6000U);
  EXPECT_EQ(must(read_pinned(must(look_at(kPinDir)))).rules.size(), 6000U);
}

}  // namespace
}  // namespace sluice::kernel::testing
