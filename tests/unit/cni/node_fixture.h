// A node's directories below /tmp, and short ways to write and look into them.
#pragma once

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "agent/cni/installer.h"

namespace sluice::cni {

class NodeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-cni-test-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    node_ = {directory_ + "/net.d", directory_ + "/bin", directory_ + "/sluice-cni"};
    std::filesystem::create_directories(node_.conf_dir);
    std::filesystem::create_directories(node_.bin_dir);
    write(node_.program, "the program");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  static std::optional<std::string> read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
  }
  std::string conf(const std::string& name) const { return node_.conf_dir + "/" + name; }
  static std::string list(const std::string& name, const std::string& type = "ptp") {
    return R"({"cniVersion":"0.4.0","name":")" + name + R"(","plugins":[{"type":")" + type + "\"}]}";
  }

  // What there is to do now.
  Decision due() const { return decide_install(seen(), node_, entry_); }
  Survey seen() const {
    auto found = survey(node_);
    EXPECT_TRUE(found.ok()) << found.error().message();
    return *found;
  }
  Decision install() const {
    auto done =
        carry_out(node_, [this](const Survey& survey) { return decide_install(survey, node_, entry_); });
    EXPECT_TRUE(done.ok()) << done.error().message();
    return done ? *done : Decision();
  }

  std::string directory_;
  NodeFiles node_;
  Entry entry_;
};

}  // namespace sluice::cni
