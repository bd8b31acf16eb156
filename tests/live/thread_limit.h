// ThreadLimit: a control group that limits how many threads its processes have in all; it ends with this.
// Source: the kernel's admin-guide/cgroup-v1/pids.rst, cgroup-v2.rst.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sluice::live {

class ThreadLimit {
 public:
  ThreadLimit() {
    for (const char* root : {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"}) {
      const std::string dir = root + ("/sluice-test-" + std::to_string(::getpid()));
      std::error_code none;
      if (!std::filesystem::exists(root + std::string("/cgroup.procs"))) continue;
      if (!std::filesystem::create_directory(dir, none)) continue;
      dir_ = dir;
      if (std::filesystem::exists(dir_ + "/pids.max")) return;
      ::rmdir(dir_.c_str());
      dir_.clear();
    }
  }
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;
  ~ThreadLimit() {
    if (!dir_.empty()) ::rmdir(dir_.c_str());
  }

  bool usable() const { return !dir_.empty(); }  // false: nobody lends this process the controller
  // A shell's words that put it, and what it becomes, under the limit.
  std::string enter() const { return "echo $$ > " + dir_ + "/cgroup.procs"; }
  // "max": none.
  void set(const std::string& most) const { std::ofstream(dir_ + "/pids.max") << most; }
  std::string current() const {
    std::string threads;
    std::ifstream(dir_ + "/pids.current") >> threads;
    return threads;
  }

 private:
  std::string dir_;
};

}  // namespace sluice::live
