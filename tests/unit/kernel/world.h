// What the tests of this folder stand in: a network and mount namespace of their own with a BPF file system,
// small maps, veth pairs, packets, and a foreign program that counts what reaches it. Needs root; otherwise
// tests skip.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "agent/base/fd.h"
#include "agent/kernel/loader.h"

namespace sluice::kernel::testing {

inline const std::filesystem::path kPinDir = "/sys/fs/bpf/sluice";
inline const std::filesystem::path kSharedPinDir = "/sys/fs/bpf/shared";

// One private world a process; each test leaves it as it found it.
class KernelTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
};

// Limits small enough to load quickly and to fill.
LoadOptions small_private();
LoadOptions small_pinned();

// Loaded once, since the verifier takes its time: for tests that leave nothing behind in the maps
// (shared_private) or on interfaces (shared_pinned, at kSharedPinDir).
const Programs& shared_private();
const Programs& shared_pinned();

// Fails the test with the error's text.
template <typename T>
T must(base::Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message();
    std::abort();
  }
  return std::move(result).value();
}

#define EXPECT_OK(expression)                                                     \
  do {                                                                            \
    const auto status_ = (expression);                                            \
    EXPECT_TRUE(status_.ok()) << (status_.ok() ? "" : status_.error().message()); \
  } while (false)

// Waits for what another CPU is about to do, two seconds at most.
bool eventually(const std::function<bool()>& holds);

// A pair of interfaces, both up; gone at the end.
class Veth {
 public:
  Veth();
  ~Veth();
  Veth(const Veth&) = delete;
  Veth& operator=(const Veth&) = delete;
  uint32_t host() const { return host_; }  // ifindex of the side where programs are attached
  const std::string& host_name() const { return host_name_; }
  // A frame as the pod sends it, or as it is sent to the pod.
  void send(sluice_direction direction, const std::vector<uint8_t>& frame) const;
  void remove();

 private:
  std::string host_name_, pod_name_;
  uint32_t host_ = 0, pod_ = 0;
};

// Ethernet, IPv4, TCP SYN between 10.0.0.1 (the pod) and 10.0.0.2, as the pod sends or receives it.
std::vector<uint8_t> syn(sluice_direction direction, uint16_t port);

// Someone else's tc program: counts packets and lets them go on.
class Foreign {
 public:
  Foreign();
  int fd() const { return program_.get(); }
  uint64_t seen() const;

 private:
  base::Fd map_, program_;
};

// Exit status of a shell command, its output swallowed.
int run(const std::string& command);

}  // namespace sluice::kernel::testing
