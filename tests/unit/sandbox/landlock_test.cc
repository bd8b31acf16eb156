#include "agent/sandbox/landlock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/unit/sandbox/child.h"

namespace sluice::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr uint16_t kServer = 6443, kOther = 6444, kServed = 6445;

class Landlock : public testing::Test {
 protected:
  void SetUp() override {
    if (landlock_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
    for (const char* name : {"read", "written", "other"}) {
      fs::create_directories(folder_ / name);
      std::ofstream(folder_ / name / "file") << "a";
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const char* folder, const char* name = "file") const { return folder_ / folder / name; }
  // What `act` answers where these folders alone are allowed, connections to kServer, and listening at kServed.
  int restricted(const std::function<int()>& act) const {
    return in_child([&] {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      const Files files{{folder_ / "read", folder_ / "missing"}, {folder_ / "written"}};
      for (const auto& line : restrict_to(files, {kServer}, {kServed}))
        if (line.find("knows no connections") == line.npos) return 99;
      return act();
    });
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / ("landlock_test." + std::to_string(::getpid()));
};

int error_of_open(const std::string& path, int flags) {
  return ::open(path.c_str(), flags | O_CLOEXEC, 0600) < 0 ? errno : 0;
}

int error_of_connect(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ? errno : 0;
}

int error_of_listening(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ? errno : 0;
}

int error_of_bind(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ? errno : 0;
}

TEST_F(Landlock, FilesAreOpenedAsTheirFoldersAllow) {
  const struct {
    std::string path;
    int flags, error;
  } rows[] = {{file("read"), O_RDONLY, 0},
              {file("read"), O_WRONLY, EACCES},
              {file("read", "new"), O_WRONLY | O_CREAT, EACCES},
              {folder_ / "read", O_RDONLY | O_DIRECTORY, 0},
              {file("written"), O_WRONLY | O_TRUNC, 0},
              {file("written", "new"), O_WRONLY | O_CREAT, 0},
              {file("other"), O_RDONLY, EACCES},
              {folder_ / "other", O_RDONLY | O_DIRECTORY, EACCES},
              {"/etc/passwd", O_RDONLY, EACCES}};
  for (const auto& row : rows)
    EXPECT_EQ(restricted([&] { return error_of_open(row.path, row.flags); }), row.error)
        << row.path << ", flags " << row.flags;
}

TEST_F(Landlock, NamesAreChangedWhereFilesAreWritten) {
  EXPECT_EQ(restricted([&] {
              return ::rename(file("written").c_str(), file("written", "b").c_str()) < 0 ? errno : 0;
            }),
            0);
  EXPECT_EQ(restricted([&] { return ::unlink(file("read").c_str()) < 0 ? errno : 0; }), EACCES);
  EXPECT_EQ(restricted([&] { return ::unlink(file("written", "b").c_str()) < 0 ? errno : 0; }), 0);
  EXPECT_EQ(restricted([&] { return error_of_bind(file("written", "s")); }), 0);
  EXPECT_EQ(restricted([&] { return error_of_bind(file("other", "s")); }), EACCES);
}

TEST_F(Landlock, ConnectionsGoToThesePortsAlone) {
  if (landlock_version() < 4) GTEST_SKIP() << "this kernel's Landlock knows no connections (Linux 6.7)";
  EXPECT_NE(restricted([] { return error_of_connect(kServer); }), EACCES);
  EXPECT_EQ(restricted([] { return error_of_connect(kOther); }), EACCES);
}

TEST_F(Landlock, ListensAtThesePortsAlone) {
  if (landlock_version() < 4) GTEST_SKIP() << "this kernel's Landlock knows no connections (Linux 6.7)";
  EXPECT_NE(restricted([] { return error_of_listening(kServed); }), EACCES);
  EXPECT_EQ(restricted([] { return error_of_listening(kServer); }), EACCES);
}

}  // namespace
}  // namespace sluice::sandbox
