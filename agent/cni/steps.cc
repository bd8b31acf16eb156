#include "agent/cni/steps.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "agent/base/fd.h"

namespace sluice::cni {
namespace {

using base::Error;
using base::Fd;
using base::Status;

constexpr mode_t kConfigurationMode = 0600, kProgramMode = 0755;
constexpr size_t kChunk = 1UL << 20;

// A new file; what a killed installer left under its name goes.
base::Result<Fd> create(const std::string& path, mode_t mode) {
  ::unlink(path.c_str());
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd.valid()) return Error::from_errno(errno, "write " + path);
  if (::fchmod(fd.get(), mode) != 0) return Error::from_errno(errno, "write " + path);
  return fd;
}

Status make_lasting(const Fd& fd, const std::string& path) {
  if (::fsync(fd.get()) != 0) return Error::from_errno(errno, "write " + path);
  return base::done();
}

struct Doer {
  Status operator()(const MakeDirectories& step) const {
    std::error_code code;
    std::filesystem::create_directories(step.path, code);
    if (code) return Error::from_errno(code.value(), "make directory " + step.path);
    return base::done();
  }
  Status operator()(const WriteFile& step) const {
    auto fd = create(step.path, kConfigurationMode);
    if (!fd) return fd.error();
    for (size_t at = 0; at < step.bytes.size();) {
      const ssize_t size = ::write(fd->get(), step.bytes.data() + at, step.bytes.size() - at);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return Error::from_errno(errno, "write " + step.path);
      at += static_cast<size_t>(size);
    }
    return make_lasting(*fd, step.path);
  }
  Status operator()(const CopyProgram& step) const {
    const Fd from(::open(step.from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!from.valid()) return Error::from_errno(errno, "read " + step.from);
    auto to = create(step.to, kProgramMode);
    if (!to) return to.error();
    for (;;) {
      const ssize_t size = ::sendfile(to->get(), from.get(), nullptr, kChunk);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return Error::from_errno(errno, "write " + step.to);
      if (size == 0) return make_lasting(*to, step.to);
    }
  }
  Status operator()(const Rename& step) const {
    if (::rename(step.from.c_str(), step.to.c_str()) != 0)
      return Error::from_errno(errno, "rename " + step.from + " to " + step.to);
    return base::done();
  }
  Status operator()(const Remove& step) const {
    if (::unlink(step.path.c_str()) != 0 && errno != ENOENT)
      return Error::from_errno(errno, "remove " + step.path);
    return base::done();
  }
  Status operator()(const SyncDirectory& step) const {
    const Fd fd(::open(step.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return Error::from_errno(errno, "open " + step.path);
    return make_lasting(fd, step.path);
  }
};

}  // namespace

Status carry_out(const Step& step) {
  return std::visit(Doer{}, step);
}

Status carry_out(const std::vector<Step>& steps) {
  for (const Step& step : steps)
    if (auto status = carry_out(step); !status) return status;
  return base::done();
}

}  // namespace sluice::cni
