// SocketListener: the agent's Unix socket: who may open it, and what its connections may do.
//
// Laws:
//  1. The socket belongs to the agent's user and is 0600. With a group it is 0660 and the
//     group's, so that one more user can open it; for that the agent must be in the group, or
//     have CAP_CHOWN.
//  2. The listener looks at who connects (SO_PEERCRED). Root and the agent's own user may do
//     everything; `feeder_uid` may feed, over kFeederConnections at a time; everybody else's
//     connection is closed at once.
//  3. A missing directory is made 0700 (0750 of the group).
//  4. A directory that is there gets the same mode where it is the agent's own and holds nothing
//     but the agent's files (kubelet makes it 0755). Otherwise it is left as it is.
//
// One thread: the one that runs `loop`.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::control {

inline constexpr size_t kFeederConnections = 8;

struct SocketAccess {
  std::string path;
  std::optional<gid_t> group = {};       // may open it, besides its owner
  std::optional<uid_t> feeder_uid = {};  // may feed, and nothing else
};

enum class Peer : uint8_t { kOwner, kFeeder };

class SocketListener {
 public:
  struct Handlers {
    std::function<void(Peer peer, base::Fd connection)> accepted;
    std::function<void(uid_t uid, pid_t pid)> turned_away;
  };

  // Replaces the socket of an agent that died; that of a living one is an error. `loop` must outlive it.
  static base::Result<SocketListener> listen(boost::asio::io_context& loop, const SocketAccess& access,
                                             Handlers handlers);
  SocketListener(SocketListener&&) noexcept;
  SocketListener& operator=(SocketListener&&) = delete;
  ~SocketListener();
  // Accepts no more, and removes the socket.
  void close();

 private:
  struct State;
  explicit SocketListener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace sluice::control
