// The folder as a feeder, on real inotify: every way in which people and programs change files. No test
// sleeps: each waits on the feeder's fd, with a deadline.
#include "agent/source/folder/folder_feeder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/unit/folder/folder_fixture.h"

namespace sluice::source::folder {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string print(const model::Cluster& cluster) {
  std::string text;
  for (const auto& [name, found] : cluster.pods)
    text += (text.empty() ? "" : " ") + name.name + "=" + found.labels.at("v");
  return text;
}

class FolderFeederTest : public testing::Test {
 protected:
  void start() {
    auto opened = FolderFeeder::open(folder_.path());
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    feeder_ = std::move(*opened);
    EXPECT_FALSE(feeder_->synced());
    ASSERT_TRUE(wait_for_batch(5s));
    EXPECT_TRUE(feeder_->synced());
  }

  // Takes what the feeder tells until there is a batch or the time is over.
  bool wait_for_batch(Clock::duration at_most) {
    auto deadline = Clock::now() + at_most;
    while (true) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      pollfd ready{feeder_->fd(), POLLIN, 0};
      if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0) return false;
      auto batch = feeder_->drain();
      if (!batch) continue;
      for (const auto& change : batch->changes) {
        removals_ += change.is_removal();
        cluster_.apply(change);
      }
      last_ = std::move(*batch);
      return true;
    }
  }

  // Waits until what is in force reads `expected`.
  void expect(const std::string& expected, Clock::duration at_most = 5s) {
    auto deadline = Clock::now() + at_most;
    while (print(cluster_) != expected && wait_for_batch(deadline - Clock::now())) {
    }
    EXPECT_EQ(print(cluster_), expected);
  }

  // Everything that was written until now has been read afterwards.
  void sync() {
    uint64_t ticket = feeder_->request_read();
    while (last_.generation < ticket) ASSERT_TRUE(wait_for_batch(5s));
  }

  TemporaryFolder folder_;
  std::unique_ptr<FolderFeeder> feeder_;
  model::Cluster cluster_;
  Batch last_;
  size_t removals_ = 0;
};

TEST_F(FolderFeederTest, WritesAreSeen) {
  folder_.write("a.yaml", pod("a"));
  start();
  EXPECT_EQ(print(cluster_), "a=1");
  folder_.write("b.yaml", pod("b"));
  expect("a=1 b=1");
  folder_.write("a.yaml", pod("a", "2"));
  expect("a=2 b=1");
  folder_.remove("b.yaml");
  expect("a=2");
}

// Makes a Namespace that is named after each Guest, and says as a problem what it knows.
class NamespaceMaker : public decode::Translator {
 public:
  decode::ForeignKind read_kind(const std::string&, const std::string& kind) const override {
    return {kind == "Guest", false, {}};
  }
  std::vector<decode::ForeignResource> resources() const override { return {}; }
  bool keeps(const model::ObjectId&) const override { return false; }
  std::vector<model::Change> apply(std::vector<model::Change> own,
                                   const std::vector<decode::ForeignChange>& foreign) override {
    for (const decode::ForeignChange& change : foreign) {
      const std::string& name = change.id.name.name;
      model::Namespace made;
      made.name = change.id.name;
      own.push_back(change.object ? model::Change::upsert(made)
                                  : model::Change::remove({model::Kind::kNamespace, made.name}));
      if (change.object)
        known_[name] = change.object->place.origin;
      else
        known_.erase(name);
    }
    return own;
  }
  // Which there are, and of which file.
  std::vector<Problem> problems() const override {
    std::string text;
    for (const auto& [name, file] : known_) text += name + " of " + file.substr(file.rfind('/') + 1) + ", ";
    return {{{}, std::nullopt, "", text}};
  }
  std::vector<Warning> warnings() const override { return {}; }
  uint64_t remarks_version() const override { return 0; }
  std::vector<std::pair<model::ObjectId, const decode::ForeignObject*>> made() const override { return {}; }

 private:
  std::map<std::string, std::string> known_;
};

std::string guest(const std::string& name) {
  return "---\napiVersion: x.io/v1\nkind: Guest\nmetadata: {name: " + name + "}\n";
}

// Foreign objects go and stay with their files, as others do.
TEST_F(FolderFeederTest, ForeignObjectsAreToldToTheTranslator) {
  folder_.write("a.yaml", pod("a") + guest("one") + guest("two"));
  folder_.write("b.yaml", guest("two"));
  auto opened = FolderFeeder::open(folder_.path(), std::make_unique<NamespaceMaker>());
  ASSERT_TRUE(opened.ok());
  feeder_ = std::move(*opened);
  ASSERT_TRUE(wait_for_batch(5s));
  const auto told = [&] { return last_.problems.back().message; };
  EXPECT_EQ(told(), "one of a.yaml, two of b.yaml, ");
  EXPECT_EQ(cluster_.namespaces.size(), 2u);
  ASSERT_EQ(last_.warnings.size(), 1u);
  EXPECT_NE(last_.warnings[0].to_text().find("Guest two: is defined in line"), std::string::npos);
  folder_.write("b.yaml", "");
  sync();
  EXPECT_EQ(told(), "one of a.yaml, two of b.yaml, ") << "it is about to be written";
  folder_.remove("b.yaml");
  sync();
  EXPECT_EQ(told(), "one of a.yaml, two of a.yaml, ") << "the other counts now";
  folder_.write("a.yaml", pod("a", "2") + guest("one"));
  sync();
  EXPECT_EQ(told(), "one of a.yaml, ");
  EXPECT_EQ(cluster_.namespaces.size(), 1u);
}

TEST_F(FolderFeederTest, AChangeIsToldWithinItsTime) {
  folder_.write("a.yaml", pod("a"));
  start();
  auto written = Clock::now();
  folder_.write("a.yaml", pod("a", "2"));
  expect("a=2");
  EXPECT_GE(Clock::now() - written, kQuietFor - 1ms);
  EXPECT_LT(Clock::now() - written, 1s);  // 20 ms and some on an idle machine; this one may be busy
}

TEST_F(FolderFeederTest, ConstantWritesDoNotHideAChange) {
  start();
  std::atomic<bool> stop{false};
  std::jthread writer([&] {
    for (int i = 0; !stop; ++i) folder_.write("noise.yaml", pod("noise", std::to_string(i)));
  });
  folder_.write("a.yaml", pod("a"));
  bool found = false;
  for (auto deadline = Clock::now() + 5s; !found && wait_for_batch(deadline - Clock::now());)
    found = cluster_.pods.contains({"default", "a"});
  stop = true;
  EXPECT_TRUE(found);
}

TEST_F(FolderFeederTest, RenamesOverAFileAreNoGap) {
  folder_.write("a.yaml", pod("a"));
  start();
  for (int i = 2; i < 6; ++i) {
    folder_.replace("a.yaml", pod("a", std::to_string(i)));
    expect("a=" + std::to_string(i));
  }
  EXPECT_EQ(removals_, 0u);
}

TEST_F(FolderFeederTest, AnEditorThatMovesTheOldFileAwayMakesNoGap) {
  folder_.write("a.yaml", pod("a"));
  start();
  folder_.rename("a.yaml", "a.yaml~");
  folder_.write("a.yaml", pod("a", "2"));
  expect("a=2");
  EXPECT_EQ(removals_, 0u);
}

TEST_F(FolderFeederTest, AFileIsReadWhenItIsClosed) {
  folder_.write("a.yaml", pod("a") + pod("b"));
  start();
  int fd = open((folder_ / "a.yaml").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  std::string half = pod("a", "2"), rest = pod("b", "2");
  ASSERT_EQ(write(fd, half.data(), half.size()), static_cast<ssize_t>(half.size()));
  ASSERT_EQ(fchmod(fd, 0600), 0);
  const uint64_t ticket = feeder_->request_read();
  ASSERT_TRUE(wait_for_batch(5s));  // of all that is whole: not this file
  EXPECT_EQ(print(cluster_), "a=1 b=1");
  EXPECT_LT(last_.generation, ticket) << "not everything is read";
  ASSERT_TRUE(wait_for_batch(5s));
  EXPECT_EQ(print(cluster_), "a=1 b=1");
  ASSERT_EQ(last_.problems.size(), 1u);
  EXPECT_EQ(last_.problems[0].to_text(),
            folder_ / "a.yaml" +
                ": is being written: what it held stays in force until its writer "
                "closes it, for 10 s at most");
  ASSERT_EQ(write(fd, rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  close(fd);
  expect("a=2 b=2");
  EXPECT_EQ(last_.generation, ticket);
  EXPECT_TRUE(last_.problems.empty());
  EXPECT_EQ(removals_, 0u);
}

TEST_F(FolderFeederTest, AHalfWrittenOrEmptyFileKeepsWhatItHeld) {
  folder_.write("a.yaml", pod("a") + pod("b"));
  start();
  std::string whole = pod("a", "2") + pod("b", "2");
  folder_.write("a.yaml", whole.substr(0, whole.size() - 3));
  expect("a=2 b=1");
  EXPECT_EQ(last_.problems.size(), 1u);
  for (const char* blank : {"", "\n", " \t\r\n\n", "\xef\xbb\xbf---\n", "---\n---\n..."}) {
    folder_.write("a.yaml", blank);
    sync();
    EXPECT_EQ(print(cluster_), "a=2 b=1");
    ASSERT_EQ(last_.problems.size(), 1u);
    EXPECT_EQ(last_.problems[0].message,
              "is empty: what it held stays in force until it is written or removed");
  }
  folder_.write("a.yaml", whole);
  expect("a=2 b=2");
  EXPECT_TRUE(last_.problems.empty());
  EXPECT_EQ(removals_, 0u);
}

TEST_F(FolderFeederTest, AWrongObjectKeepsItsLastGoodVersion) {
  folder_.write("a.yaml", pod("a"));
  start();
  folder_.write("a.yaml", wrong_pod("a") + pod("b"));
  expect("a=1 b=1");
  ASSERT_EQ(last_.problems.size(), 1u);
  EXPECT_EQ(last_.problems[0].to_text(),
            folder_ / "a.yaml" + ": document 1: Pod default/a: spec: is a list where a map is due");
}

TEST_F(FolderFeederTest, ConfigMapVolumesAreSwapped) {
  for (const char* version : {"1", "2", "3"}) {
    std::string directory = std::string("..2024_") + version;
    folder_.make_directory(directory);
    folder_.write(directory + "/a.yaml", pod("a", version));
  }
  folder_.link("..2024_1", "..data");
  folder_.link("..data/a.yaml", "a.yaml");
  start();
  EXPECT_EQ(print(cluster_), "a=1");
  for (const char* version : {"2", "3"}) {
    folder_.link(std::string("..2024_") + version, "..data_tmp");
    folder_.rename("..data_tmp", "..data");
    expect(std::string("a=") + version);
  }
  EXPECT_EQ(removals_, 0u);
}

TEST_F(FolderFeederTest, WhatLinksLeadToIsWatched) {
  TemporaryFolder elsewhere;
  elsewhere.write("target.yaml", pod("a"));
  folder_.link(elsewhere / "target.yaml", "a.yaml");
  start();
  elsewhere.write("target.yaml", pod("a", "2"));
  expect("a=2");
  elsewhere.replace("target.yaml", pod("a", "3"));
  expect("a=3");
  elsewhere.remove("target.yaml");
  sync();
  EXPECT_EQ(print(cluster_), "a=3");  // the link is there still
  EXPECT_EQ(last_.problems.size(), 1u);
}

TEST_F(FolderFeederTest, NewFoldersArePickedUp) {
  start();
  folder_.make_directory("x/y");
  folder_.write("x/y/a.yaml", pod("a"));
  expect("a=1");
  folder_.write("x/y/a.yaml", pod("a", "2"));
  expect("a=2");
  folder_.rename("x", "z");
  folder_.write("z/y/b.yaml", pod("b"));
  expect("a=2 b=1");
  folder_.remove("z");
  expect("");
}

TEST_F(FolderFeederTest, TheFolderItselfMayComeAndGo) {
  folder_.make_directory("m");
  folder_.write("m/a.yaml", pod("a"));
  auto opened = FolderFeeder::open(folder_ / "m");
  ASSERT_TRUE(opened.ok());
  feeder_ = std::move(*opened);
  expect("a=1");
  folder_.rename("m", "old");
  sync();
  EXPECT_EQ(print(cluster_), "a=1");
  EXPECT_EQ(last_.problems.size(), 1u);
  folder_.make_directory("m");
  folder_.write("m/b.yaml", pod("b"));
  expect("b=1");
  EXPECT_TRUE(last_.problems.empty());
}

TEST_F(FolderFeederTest, SyncReadsWhatWasThereWhenItWasAsked) {
  start();
  for (int i = 0; i < 20; ++i) {
    folder_.write("a.yaml", pod("a", std::to_string(i)));
    sync();
    ASSERT_EQ(print(cluster_), "a=" + std::to_string(i));
  }
}

TEST(FolderWatch, LostEventsMakeEverythingNews) {
  TemporaryFolder folder;
  auto watch = FolderWatch::open();
  ASSERT_TRUE(watch.ok());
  watch->follow(*list_folder(folder.path()));
  inotify_event lost{};
  lost.wd = -1;
  lost.mask = IN_Q_OVERFLOW;
  watch->accept_event(lost, "", Clock::now() - kQuietLongest);
  auto news = watch->drain();
  ASSERT_TRUE(news.has_value());
  EXPECT_TRUE(news->everything);
}

TEST(FolderWatch, NoiseThatIsNoManifestIsNoNews) {
  TemporaryFolder folder;
  auto watch = FolderWatch::open();
  ASSERT_TRUE(watch.ok());
  EXPECT_TRUE(watch->follow(*list_folder(folder.path())).added);
  EXPECT_FALSE(watch->follow(*list_folder(folder.path())).added);
  folder.write("notes.txt", "x");
  folder.write(".a.yaml.swp", "x");
  folder.write("4913", "x");
  FolderNews news = watch->drain_everything();
  EXPECT_TRUE(news.files.empty());
  folder.write("a.yaml", "x");
  news = watch->drain_everything();
  EXPECT_EQ(news.files, std::set<std::string>{folder / "a.yaml"});
}

}  // namespace
}  // namespace sluice::source::folder
