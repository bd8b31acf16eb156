#include "agent/endpoint/exhaustion.h"

#include <sys/resource.h>

namespace sluice::endpoint {
namespace {

std::string open_files_mend() {
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
  return "raise the limit of open files" + (known ? ", which is " + std::to_string(limit.rlim_cur) : "") +
         " (LimitNOFILE in the unit, `ulimit -n` in the shell)";
}

// How to mend what an errno value says is used up; empty where it says something else.
std::string mend_of(int code) {
  switch (code) {
    case EMFILE:
      return open_files_mend();
    case ENFILE:
      return "raise the machine's limit of open files (sysctl fs.file-max)";
    case EAGAIN:
      return "raise the limit of threads (TasksMax in the unit, pids.max of the control group)";
    case ENOMEM:
    case ENOBUFS:
      return "give the agent more memory";
    case ENOSPC:
      return "raise the machine's limits of watches (sysctl fs.inotify.max_user_watches)";
    default:
      return "";
  }
}

}  // namespace

bool Exhaustion::note(const std::string& name, const base::Error& error) {
  if (mend_of(error.code()).empty()) return false;
  Cause& cause = causes_[error.code()];
  if (cause.count++ == 0) cause.first = name + ": " + error.message();
  return true;
}

std::vector<std::string> Exhaustion::lines() const {
  std::vector<std::string> all;
  for (const auto& [code, cause] : causes_)
    all.push_back(
        (cause.count == 1 ? "namespace " : std::to_string(cause.count) + " namespaces, the first of them ") +
        cause.first + ": " + mend_of(code));
  return all;
}

}  // namespace sluice::endpoint
