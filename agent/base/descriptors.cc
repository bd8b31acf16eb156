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

}  // namespace sluice::base
