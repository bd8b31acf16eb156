#include "agent/serve/socket_path.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "agent/base/fd.h"

namespace sluice::serve {

base::Result<bool> agent_listens(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path)
    return base::Error("socket " + socket + ": the path must have 1 to " +
                       std::to_string(sizeof address.sun_path - 1) + " bytes: give a shorter --socket");
  std::memcpy(address.sun_path, socket.data(), socket.size());
  struct stat info {};
  if (::stat(socket.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return base::Error::from_errno(errno, "socket " + socket);
  }
  if (!S_ISSOCK(info.st_mode))
    return base::Error("socket " + socket + ": is a file and no socket: remove it or give another --socket");
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::Error::from_errno(errno, "socket " + socket);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  // EAGAIN: its queue of connections is full (unix(7)).
  if (errno == EAGAIN || errno == EINPROGRESS) return true;
  if (errno == ECONNREFUSED || errno == ENOENT) return false;
  return base::Error::from_errno(errno, "socket " + socket);
}

}  // namespace sluice::serve
