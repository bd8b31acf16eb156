#include "agent/base/descriptors.h"

#include <sys/resource.h>

namespace sluice::base {

Status raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return Error::from_errno(errno, "read the limit of open files");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    return Error::from_errno(errno, "raise the limit of open files");
  return done();
}

Status check_descriptor_limit(uint64_t least) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return Error::from_errno(errno, "read the limit of open files");
  if (limit.rlim_cur >= least) return done();
  return Error("the limit of open files (RLIMIT_NOFILE) is " + std::to_string(limit.rlim_cur) + ", and " +
               std::to_string(least) +
               " are needed to begin with: raise it (LimitNOFILE in the unit, `ulimit -n` in the shell)");
}

}  // namespace sluice::base
