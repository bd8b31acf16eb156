// Folders on disk: which files are manifests, where links lead, what is read again.
#include "agent/source/folder/folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/folder/folder_fixture.h"

namespace sluice::source::folder {
namespace {

std::string pods_in(const FolderContents& contents) {
  std::string text;
  for (const auto& [name, found] : contents.cluster.pods) text += (text.empty() ? "" : " ") + name.name;
  return text;
}

std::string read(const TemporaryFolder& folder, size_t problems = 0) {
  auto contents = read_folder(folder.path());
  if (!contents) return contents.error().message();
  EXPECT_EQ(contents->problems.size(), problems);
  return pods_in(*contents);
}

TEST(Folder, ManifestsAreFoundByNameAtAnyDepth) {
  TemporaryFolder folder;
  folder.make_directory("sub/deeper");
  folder.make_directory(".git");
  folder.write("a.yaml", pod("a"));
  folder.write("b.yml", pod("b"));
  folder.write("sub/deeper/c.json", R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}})");
  folder.write("d.txt", pod("d"));
  folder.write("e.yaml~", pod("e"));
  folder.write(".f.yaml", pod("f"));
  folder.write(".git/g.yaml", pod("g"));
  EXPECT_EQ(read(folder), "a b c");
}

TEST(Folder, LinksAreFollowedOnceAndLoopsEnd) {
  TemporaryFolder folder, elsewhere;
  elsewhere.write("x.yaml", pod("x"));
  elsewhere.write("y.yaml", pod("y"));
  folder.make_directory("sub");
  folder.link(elsewhere.path(), "sub/elsewhere");
  folder.link("..", "sub/up");
  folder.link(elsewhere.path(), "zagain");
  EXPECT_EQ(read(folder), "x y");
}

TEST(Folder, ConfigMapVolumesAreReadThroughTheirLinks) {
  TemporaryFolder folder;
  folder.make_directory("..2024_1");
  folder.write("..2024_1/a.yaml", pod("a"));
  folder.link("..2024_1", "..data");
  folder.link("..data/a.yaml", "a.yaml");
  EXPECT_EQ(read(folder), "a");
  auto listing = list_folder(folder.path());
  ASSERT_TRUE(listing.ok());
  EXPECT_TRUE(listing->link_steps[folder.path()].contains("a.yaml"));
  EXPECT_TRUE(listing->link_steps[folder.path()].contains("..data"));
  EXPECT_TRUE(listing->link_steps[folder.path() + "/..2024_1"].contains("a.yaml"));
}

TEST(Folder, WhatCannotBeReadIsAProblemOfItsOwn) {
  TemporaryFolder folder;
  folder.write("a.yaml", pod("a"));
  folder.link("nowhere.yaml", "dangling.yaml");
  ASSERT_EQ(mkfifo((folder / "fifo.yaml").c_str(), 0600), 0);
  folder.write("huge.yaml", "");
  std::filesystem::resize_file(folder / "huge.yaml", kMaxManifestBytes + 1);
  EXPECT_EQ(read(folder, 3), "a");
}

TEST(Folder, AFolderThatIsNotThereIsAnError) {
  EXPECT_NE(
      read_folder("/nowhere/at/all").error().message().find("/nowhere/at/all: cannot read the directory"),
      std::string::npos);
}

TEST(Folder, TwoFilesWithOneObject) {
  TemporaryFolder folder;
  folder.write("a.yaml", pod("x"));
  folder.write("b.yaml", pod("x"));
  auto contents = read_folder(folder.path());
  ASSERT_TRUE(contents.ok());
  EXPECT_TRUE(contents->problems.empty());
  ASSERT_EQ(contents->warnings.size(), 1u);
  EXPECT_EQ(contents->warnings[0].to_text(),
            folder / "b.yaml" + ": document 1: Pod default/x: is defined in line 2 and in " +
                folder / "a.yaml" + " line 2: the last counts, remove the other");
}

// Ages a file's stamp, so that a reader relies on it, by waiting for the file system's clock to pass it.
void let_clock_pass(const std::string& path) {
  struct stat status {};
  timespec now{};
  do {
    stat(path.c_str(), &status);
    clock_gettime(CLOCK_REALTIME, &now);
  } while ((now.tv_sec - status.st_ctim.tv_sec) * 1'000'000'000 + now.tv_nsec - status.st_ctim.tv_nsec <
           15'000'000);
}

TEST(Folder, WhatIsWrittenIsOfTheDefinitionThatCounts) {
  TemporaryFolder folder;
  folder.write("a.yaml", pod("a") + "---\n" + pod("b"));
  folder.write(
      "b.yaml",
      pod("a") + "---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: x}\n");
  folder.write("c.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\n");
  auto contents = read_manifests({folder.path()}, decode::Wanted::kAsWritten);
  ASSERT_TRUE(contents.ok());
  std::string text;
  for (const WrittenObject& object : contents->written)
    text += object.place.origin.substr(folder.path().size() + 1) + " " + object.kind + " " +
            object.name.name + "; ";
  EXPECT_EQ(text, "a.yaml Pod b; b.yaml Pod a; b.yaml NetworkPolicy x; c.yaml NetworkPolicy x; ");
}

TEST(FolderReader, ReadsOnlyWhatChanged) {
  TemporaryFolder folder;
  folder.write("a.yaml", pod("a"));
  folder.write("b.yaml", pod("b"));
  let_clock_pass(folder / "b.yaml");
  FolderReader reader;
  auto read_again = [&](const std::set<std::string>& held = {}) {
    FolderReading reading = reader.read(*list_folder(folder.path()), held);
    std::string text;
    for (const auto& file : reading.files) text += "+" + std::filesystem::path(file.path).filename().string();
    for (const auto& path : reading.gone) text += "-" + std::filesystem::path(path).filename().string();
    return text;
  };
  EXPECT_EQ(read_again(), "+a.yaml+b.yaml");
  EXPECT_EQ(read_again(), "");
  folder.write("b.yaml", pod("c"));
  EXPECT_EQ(read_again({folder / "b.yaml"}), "");
  let_clock_pass(folder / "b.yaml");
  EXPECT_EQ(read_again(), "+b.yaml");
  EXPECT_EQ(read_again(), "");
  folder.remove("a.yaml");
  EXPECT_EQ(read_again({folder / "a.yaml"}), "");
  EXPECT_EQ(read_again(), "-a.yaml");
}

TEST(FolderReader, AYoungStampIsNotReliedOn) {
  TemporaryFolder folder;
  FolderReader reader;
  folder.write("a.yaml", pod("a"));
  reader.read(*list_folder(folder.path()));
  folder.write("a.yaml", pod("b"));  // the same size, perhaps in the same tick
  EXPECT_EQ(reader.read(*list_folder(folder.path())).files.size(), 1u);
}

}  // namespace
}  // namespace sluice::source::folder
