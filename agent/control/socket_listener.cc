#include "agent/control/socket_listener.h"
#include "agent/serve/socket_path.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <filesystem>
#include <vector>

namespace sluice::control {

using base::Error;
using base::Result;
using base::Status;

namespace {

// A node that starts or drains has as many callers as pods, at once, and a full queue turns them away.
constexpr int kBacklog = 4096;
constexpr std::chrono::milliseconds kAcceptPause{200};

constexpr mode_t kDirectoryMode = 0700, kGroupDirectoryMode = 0750;

Status restrict_directory(const std::string& directory, const SocketAccess& access) {
  const auto failed = [&](const char* what) {
    return Error::from_errno(errno, "socket " + access.path + ": " + what + " directory " + directory);
  };
  if (access.group && ::chown(directory.c_str(), static_cast<uid_t>(-1), *access.group) != 0)
    return failed("chgrp");
  if (::chmod(directory.c_str(), access.group ? kGroupDirectoryMode : kDirectoryMode) != 0)
    return failed("chmod");
  return base::done();
}

// Does it hold nothing but the socket and files named after it, and belong to us alone?
bool is_ours_alone(const std::filesystem::path& directory, const std::string& socket_name) {
  struct stat info {};
  if (::lstat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() ||
      (info.st_mode & S_ISVTX) != 0)
    return false;
  std::error_code code;
  for (std::filesystem::directory_iterator entry(directory, code), end; !code && entry != end;
       entry.increment(code))
    if (!entry->path().filename().string().starts_with(socket_name)) return false;
  return !code;
}

Status make_directory(const SocketAccess& access) {
  const std::filesystem::path path(access.path);
  const auto directory = path.parent_path();
  std::error_code code;
  if (std::filesystem::exists(directory, code)) {
    // Not being allowed to is no failure: the socket's own mode and the peers' credentials hold all the same.
    if (is_ours_alone(directory, path.filename().string())) (void)restrict_directory(directory, access);
    return base::done();
  }
  std::filesystem::create_directories(directory.parent_path(), code);
  if (::mkdir(directory.c_str(), kDirectoryMode) != 0)
    return errno == EEXIST ? base::done()
                           : Status(Error::from_errno(
                                 errno, "socket " + access.path + ": make directory " + directory.string()));
  return access.group ? restrict_directory(directory, access) : base::done();
}

Status open_to_group(const SocketAccess& access) {
  if (::chown(access.path.c_str(), static_cast<uid_t>(-1), *access.group) != 0)
    return Error::from_errno(errno, "socket " + access.path + ": give it to group " +
                                        std::to_string(*access.group) +
                                        ": run the agent with that supplementary group");
  if (::chmod(access.path.c_str(), 0660) != 0)
    return Error::from_errno(errno, "socket " + access.path + ": chmod 0660");
  return base::done();
}

Result<base::Fd> bind_socket(const SocketAccess& access) {
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Error::from_errno(errno, "socket " + access.path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, access.path.data(),
              access.path.size());  // serve::agent_listens() has checked its size
  ::unlink(access.path.c_str());    // of an agent that died
  // The socket is never open to others, not even between bind(2) and chmod(2).
  const mode_t before = ::umask(0177);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int code = errno;
  ::umask(before);
  if (bound != 0)
    return Error::from_errno(
        code,
        "socket " + access.path + ": cannot listen there: check that its directory exists and is writable");
  if (access.group)
    if (auto opened = open_to_group(access); !opened) return opened.error();
  if (::listen(fd.get(), kBacklog) != 0)
    return Error::from_errno(errno, "socket " + access.path + ": listen");
  return fd;
}

// Closed by the other end, or shut down by ours (gRPC does so before it closes).
bool has_ended(const base::Fd& connection) {
  pollfd asked{connection.get(), 0, 0};
  return ::poll(&asked, 1, 0) != 0;
}

}  // namespace

struct SocketListener::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& loop, SocketAccess who, Handlers what)
      : access(std::move(who)), handlers(std::move(what)), descriptor(loop), pause(loop) {}

  void wait() {
    descriptor.async_wait(descriptor.wait_read,
                          [self = shared_from_this()](const boost::system::error_code& code) {
                            if (!code) self->accept();
                          });
  }

  void accept() {
    if (!descriptor.is_open()) return;
    base::Fd connection(
        ::accept4(descriptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.valid()) {
      hand_on(std::move(connection));
      return wait();
    }
    if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return wait();
    pause.expires_after(kAcceptPause);  // out of descriptors or memory
    pause.async_wait([self = shared_from_this()](const boost::system::error_code& code) {
      if (!code) self->wait();
    });
  }

  void hand_on(base::Fd connection) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
    if (peer.uid == 0 || peer.uid == ::geteuid())
      return handlers.accepted(Peer::kOwner, std::move(connection));
    if (access.feeder_uid == peer.uid && note_feeder(connection))
      return handlers.accepted(Peer::kFeeder, std::move(connection));
    handlers.turned_away(peer.uid, peer.pid);
  }

  // Keeps a descriptor of its own for each: whoever is handed the connection need not tell when it ends.
  bool note_feeder(const base::Fd& connection) {
    std::erase_if(feeders, [](const base::Fd& fd) { return has_ended(fd); });
    if (feeders.size() >= kFeederConnections) return false;
    base::Fd own(::fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
    if (!own.valid()) return false;
    feeders.push_back(std::move(own));
    return true;
  }

  const SocketAccess access;
  const Handlers handlers;
  std::vector<base::Fd> feeders;
  boost::asio::posix::stream_descriptor descriptor;
  boost::asio::steady_timer pause;
};

Result<SocketListener> SocketListener::listen(boost::asio::io_context& loop, const SocketAccess& access,
                                              Handlers handlers) {
  auto alive = serve::agent_listens(access.path);
  if (!alive) return alive.error();
  if (*alive)
    return Error("socket " + access.path + ": another sluiced is running: stop it or give another --socket");
  if (auto made = make_directory(access); !made) return made.error();
  auto fd = bind_socket(access);
  if (!fd) return fd.error();
  auto state = std::make_shared<State>(loop, access, std::move(handlers));
  state->descriptor.assign(fd->release());
  state->wait();
  return SocketListener(std::move(state));
}

SocketListener::SocketListener(std::shared_ptr<State> state) : state_(std::move(state)) {}
SocketListener::SocketListener(SocketListener&&) noexcept = default;
SocketListener::~SocketListener() {
  if (state_) close();
}

void SocketListener::close() {
  boost::system::error_code ignored;
  if (!state_->descriptor.is_open()) return;
  state_->descriptor.close(ignored);
  state_->pause.cancel();
  ::unlink(state_->access.path.c_str());
}

}  // namespace sluice::control
