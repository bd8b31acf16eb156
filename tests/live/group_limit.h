// GroupLimit: a control group that limits its processes, in all: how many threads they have, or how much
// memory they take; it ends with this. Source: the kernel's admin-guide/cgroup-v1/pids.rst, memory.rst,
// cgroup-v2.rst.
#pragma once

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace sluice::live {

// What a limit is called below a mounted hierarchy.
struct LimitFiles {
  const char *root, *most, *now, *none;
};
using Limited = std::array<LimitFiles, 2>;  // cgroup v1, v2
inline constexpr Limited kThreads = {{{"/sys/fs/cgroup/pids", "/pids.max", "/pids.current", "max"},
                                      {"/sys/fs/cgroup", "/pids.max", "/pids.current", "max"}}};
inline constexpr Limited kMemory = {
    {{"/sys/fs/cgroup/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes", "-1"},
     {"/sys/fs/cgroup", "/memory.max", "/memory.current", "max"}}};

class GroupLimit {
 public:
  explicit GroupLimit(const Limited& what) {
    for (const LimitFiles& files : what) {
      const std::string dir = files.root + ("/sluice-test-" + std::to_string(::getpid()));
      std::error_code none;
      if (!std::filesystem::exists(files.root + std::string("/cgroup.procs"))) continue;
      if (!std::filesystem::create_directory(dir, none)) continue;
      dir_ = dir;
      files_ = files;
      if (std::filesystem::exists(dir_ + files.most)) return;
      ::rmdir(dir_.c_str());
      dir_.clear();
    }
  }
  GroupLimit(const GroupLimit&) = delete;
  GroupLimit& operator=(const GroupLimit&) = delete;
  ~GroupLimit() {
    if (!dir_.empty()) ::rmdir(dir_.c_str());
  }

  bool usable() const { return !dir_.empty(); }  // false: nobody lends this process the controller
  // A shell's words that put it, and what it becomes, under the limit.
  std::string enter() const { return "echo $$ > " + dir_ + "/cgroup.procs"; }
  void set(const std::string& most) const { std::ofstream(dir_ + files_.most) << most; }
  void lift() const { set(files_.none); }
  std::string current() const {
    std::string now;
    std::ifstream(dir_ + files_.now) >> now;
    return now;
  }

 private:
  std::string dir_;
  LimitFiles files_{};
};

}  // namespace sluice::live
