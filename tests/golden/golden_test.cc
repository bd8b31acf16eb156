// tests/golden/<world>/manifests.yaml -> tests/golden/<world>/image.txt: what the maps of each node must
// hold. SLUICE_UPDATE_GOLDENS=1 writes what is found instead of comparing: read the difference before
// committing it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/compile/compiler.h"
#include "agent/source/folder/folder.h"
#include "sluice_source_dir.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

fs::path golden_folder() {
  return fs::path(SLUICE_SOURCE_DIR) / "tests/golden";
}

std::vector<std::string> worlds() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(golden_folder()))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string images_of(const model::Cluster& cluster) {
  std::map<std::string, std::vector<compile::LocalPod>> pods;
  for (const auto& [name, pod] : cluster.pods) pods[pod.node_name].push_back({name, 0});
  std::string text;
  for (const auto& [node, locals] : pods)
    text += "# node " + node + "\n" + image::to_text(compile::compile({cluster, node, {}, locals}));
  return text;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, ManifestsGiveTheImage) {
  const fs::path folder = golden_folder() / GetParam();
  auto contents = source::folder::read_folder(folder);
  ASSERT_TRUE(contents.ok()) << contents.error().message();
  ASSERT_TRUE(contents->problems.empty());
  const std::string found = images_of(contents->cluster);
  const fs::path expected = folder / "image.txt";
  if (std::getenv("SLUICE_UPDATE_GOLDENS")) {
    std::ofstream(expected) << found;
    return;
  }
  std::ostringstream wanted;
  wanted << std::ifstream(expected).rdbuf();
  EXPECT_EQ(found, wanted.str()) << "if this is meant: SLUICE_UPDATE_GOLDENS=1";
}

INSTANTIATE_TEST_SUITE_P(Worlds, Golden, testing::ValuesIn(worlds()), [](const auto& world) {
  std::string name = world.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace sluice
