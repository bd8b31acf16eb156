#include "agent/base/cannot_run.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/base/fd.h"

namespace sluice::base {
namespace {

constexpr size_t kLongestLine = 2000;  // bytes

Fd open_file(const std::string& socket, int flags) {
  return Fd(::open(cannot_run_file(socket).c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
}

Error failed(const std::string& socket) {
  return Error::from_errno(errno, "write " + cannot_run_file(socket));
}

}  // namespace

std::string cannot_run_file(const std::string& socket) {
  return socket + ".cannot-run";
}

Status write_cannot_run(const std::string& socket, const std::string& why) {
  std::string line = why.substr(0, kLongestLine);
  std::ranges::replace(line, '\n', ' ');
  const auto before = read_cannot_run(socket);
  const Fd fd = open_file(socket, O_WRONLY | O_CREAT | O_TRUNC);
  if (!fd.valid()) return failed(socket);
  if (::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) return failed(socket);
  if (!before) return done();
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(before->since.time_since_epoch());
  const std::array<timespec, 2> times{{{since.count(), 0}, {since.count(), 0}}};
  return ::futimens(fd.get(), times.data()) == 0 ? done() : Status(failed(socket));
}

Status remove_cannot_run(const std::string& socket) {
  if (::unlink(cannot_run_file(socket).c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
    return Error::from_errno(errno, "remove " + cannot_run_file(socket));
  return done();
}

std::optional<CannotRun> read_cannot_run(const std::string& socket) {
  const Fd fd = open_file(socket, O_RDONLY);
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::array<char, kLongestLine> line{};
  const ssize_t size = ::read(fd.get(), line.data(), line.size());
  if (size < 0) return std::nullopt;
  return CannotRun{{line.data(), static_cast<size_t>(size)},
                   std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec)};
}

}  // namespace sluice::base
