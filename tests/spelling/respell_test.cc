// However a cluster is spelled, it is the same cluster.
#include "tests/spelling/respell.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/oracle/random_cluster.h"
#include "tests/oracle/text.h"

namespace sluice::spelling {
namespace {

uint64_t seeds() {
  const char* wanted = std::getenv("SLUICE_ROUNDS");
  return wanted ? std::strtoull(wanted, nullptr, 10) : 200;
}

std::string shown(const Files& files) {
  std::string text;
  for (const auto& [path, content] : files) text += "==> " + path + "\n" + content + "\n";
  return text;
}

TEST(Spelling, ThePlainOneIsTheCluster) {
  for (uint64_t seed = 1; seed <= seeds(); ++seed) {
    const model::Cluster cluster = oracle::random_cluster(seed, static_cast<int>(1 + seed % 30));
    const Reading read = read_back({{"plain.yaml", oracle::to_yaml(cluster)}});
    for (const auto& problem : read.problems) ADD_FAILURE() << problem.to_text();
    ASSERT_EQ(oracle::to_yaml(read.cluster), oracle::to_yaml(cluster)) << "seed " << seed;
    ASSERT_TRUE(read.cluster == cluster) << "seed " << seed;
  }
}

TEST(Spelling, EveryOtherIsTheSame) {
  for (uint64_t seed = 1; seed <= seeds(); ++seed) {
    const model::Cluster cluster = oracle::random_cluster(seed, static_cast<int>(1 + seed % 30));
    const Files files = respell(cluster, seed);
    const Reading read = read_back(files);
    for (const auto& problem : read.problems) ADD_FAILURE() << problem.to_text();
    ASSERT_EQ(oracle::to_yaml(read.cluster), oracle::to_yaml(cluster)) << "seed " << seed << "\n"
                                                                       << shown(files);
    ASSERT_TRUE(read.cluster == cluster) << "seed " << seed << "\n" << shown(files);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << shown(files);
  }
}

// What would make the test above hold without a word of oddness.
TEST(Spelling, IsOddInEveryWay) {
  std::string all;
  std::map<std::string, int> warned;
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    const Files files = respell(oracle::random_cluster(seed, 20), seed);
    for (const auto& [path, text] : files) all += text;
    for (const auto& warning : read_back(files).warnings)
      for (const char* what : {"leading zeros", "host bits", "defined"})
        warned[what] += warning.to_text().find(what) != std::string::npos;
  }
  for (const char* odd :
       {"\xEF\xBB\xBF---", "---\n\xEF\xBB\xBF", "---# the next", "\r\n", "}{", "\"protocol\":\"\"",
        "protocol: ''", "0b1010000", "0x50", "'no'", "'on'", "\"\\u006eo\"", "<<: {", "*a0", "|-\n",
        "kind: List", "PodList", "hostNetwork: yes", "\t"})
    EXPECT_NE(all.find(odd), std::string::npos) << odd;
  for (const auto& [what, times] : warned) EXPECT_GT(times, 20) << what;
  EXPECT_EQ(warned.size(), 3u);
}

}  // namespace
}  // namespace sluice::spelling
