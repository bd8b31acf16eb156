// Exhaustion: namespaces that could not be looked into for one and the same cause: this process,
// or the machine, has no more descriptors, threads or memory. All of them share one line, which
// says how to mend it.
//
// A value; any thread. Source: getrlimit(2), cgroups(7), inotify(7).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::endpoint {

class Exhaustion {
 public:
  // False where the error has another cause; then nothing is noted.
  bool note(const std::string& name, const base::Error& error);
  // One line a cause.
  std::vector<std::string> lines() const;

 private:
  struct Cause {
    std::string first;  // "a: open /run/netns/a: Too many open files"
    size_t count = 0;
  };
  std::map<int, Cause> causes_;  // by errno
};

}  // namespace sluice::endpoint
