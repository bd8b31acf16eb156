// SocketTest: a directory of its own for the agent's socket, gone at the end.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace sluice::cni {

class SocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-cni-test-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    socket_ = directory_ + "/sluice.sock";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // As if the agent had come or gone that long ago.
  void last_agent_change(std::chrono::seconds ago) const {
    std::filesystem::last_write_time(directory_, std::filesystem::file_time_type::clock::now() - ago);
  }

  std::string directory_, socket_;
};

}  // namespace sluice::cni
