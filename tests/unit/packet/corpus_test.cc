// The seeds of the packet fuzzer are the frames of tests/kernel/frames.h, each in both directions:
// SLUICE_WRITE=1 writes them anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sluice_source_dir.h"
#include "tests/kernel/frames.h"

namespace sluice::testing {
namespace {

TEST(Corpus, HoldsEveryKindOfFrame) {
  const std::filesystem::path folder = SLUICE_SOURCE_DIR "/tests/fuzz/corpus/packet";
  for (const auto& [name, frame] : named_frames()) {
    for (uint8_t direction : {uint8_t{SLUICE_INGRESS}, uint8_t{SLUICE_EGRESS}}) {
      const auto path = folder / (name + (direction == SLUICE_EGRESS ? "_from_pod" : "_to_pod"));
      std::string seed(1, static_cast<char>(direction));
      seed.append(frame.begin(), frame.end());
      if (std::getenv("SLUICE_WRITE")) {
        std::filesystem::create_directories(folder);
        std::ofstream(path, std::ios::binary) << seed;
      }
      std::ifstream file(path, std::ios::binary);
      EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), seed)
          << path << ": is not the frame; write the seeds anew with SLUICE_WRITE=1";
    }
  }
}

}  // namespace
}  // namespace sluice::testing
