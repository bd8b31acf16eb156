#include "agent/report/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace sluice::report {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

struct Read {
  std::string content;
  mode_t mode = 0;
  int64_t time = 0;
};

// What libarchive reads of a file.
std::map<std::string, Read> read_archive(const std::string& path) {
  std::map<std::string, Read> found;
  archive* reader = ::archive_read_new();
  ::archive_read_support_filter_gzip(reader);
  ::archive_read_support_format_tar(reader);
  EXPECT_EQ(::archive_read_open_filename(reader, path.c_str(), 65536), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (::archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    Read& read = found[::archive_entry_pathname(entry)];
    read.mode = ::archive_entry_perm(entry);
    read.time = ::archive_entry_mtime(entry);
    read.content.resize(static_cast<size_t>(::archive_entry_size(entry)));
    EXPECT_EQ(::archive_read_data(reader, read.content.data(), read.content.size()),
              static_cast<la_ssize_t>(read.content.size()));
  }
  ::archive_read_free(reader);
  return found;
}

class ArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-report-test-XXXXXX";
    directory_ = ::mkdtemp(pattern);
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string directory_;
  const std::vector<ReadPart> parts_ = {{"agent/a.json", "first", std::string(200'000, 'a') + "\n"},
                                        {"b", "second", base::Error("no agent answers")},
                                        {"empty", "third", std::string()}};
};

TEST_F(ArchiveTest, HoldsWhatWasReadAndSaysWhatWasNot) {
  const std::string path = directory_ + "/r.tar.gz";
  const auto written = write_file(path, "r", parts_, 1'800'000'000);
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(*written, fs::file_size(path));
  EXPECT_LT(*written, 5'000U) << "compressed";
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const auto found = read_archive(path);
  EXPECT_EQ(found.size(), 3u);
  EXPECT_EQ(found.at("r/agent/a.json").content, parts_[0].content.value());
  EXPECT_EQ(found.at("r/agent/a.json").mode, 0600u);
  EXPECT_EQ(found.at("r/agent/a.json").time, 1'800'000'000);
  EXPECT_EQ(found.at("r/empty").content, "");
  EXPECT_THAT(found.at("r/CONTENTS").content, HasSubstr("MISSING: no agent answers"));
}

TEST_F(ArchiveTest, WritesOverNothing) {
  const std::string path = directory_ + "/r.tar.gz", link = directory_ + "/link",
                    target = directory_ + "/target";
  std::ofstream(path) << "mine";
  EXPECT_EQ(write_file(path, "r", parts_, 0).error().message(),
            path + ": is there already: name another, or remove it");
  EXPECT_EQ(fs::file_size(path), 4u);
  fs::create_symlink(target, link);
  EXPECT_FALSE(write_file(link, "r", parts_, 0));
  EXPECT_FALSE(fs::exists(target));
  EXPECT_THAT(write_file(directory_ + "/none/r", "r", parts_, 0).error().message(),
              HasSubstr("No such file"));
}

TEST_F(ArchiveTest, WhereItDoesNotFitNothingIsLeft) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  EXPECT_THAT(write_archive(full, "r", parts_, 0).error().message(), HasSubstr("No space left"));
  ::close(full);
}

}  // namespace
}  // namespace sluice::report
