// Attempts: real connections between namespaces, many at once, watched by one epoll.
//
// Laws:
//  1. A socket belongs for good to the namespace that it was made in, so that all of them are
//     watched from one thread.
//  2. Every wait ends at the deadline given.
//  3. A connection counts as open when the handshake is complete (TCP, SCTP) or when the very
//     bytes sent came back (UDP).
//  4. Sockets close with their owner; TCP ones by reset, so that no state stays behind.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/endpoint/netns.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"

namespace sluice::lab {

struct Flow {
  size_t from = 0, to = 0;  // the caller's numbers
  net::Ip source, destination;
};

class Attempts {
 public:
  static base::Result<Attempts> open(net::Protocol protocol, net::Port port);

  // Answers on `ip` and the port, in `netns`, from now on. Where somebody listens there already, TCP and SCTP
  // are content with that; UDP is not, since nobody knows that it would answer.
  base::Status listen(const endpoint::Netns& netns, const net::Ip& ip);
  // Starts one connection a flow, all out of `netns`.
  base::Status start(const endpoint::Netns& netns, const std::vector<Flow>& flows);
  // Waits until every started connection is open, refused or late; forgets them, and says which were open.
  base::Result<std::vector<Flow>> finish(std::chrono::milliseconds timeout);

 private:
  struct Started {
    Flow flow;
    base::Fd fd;
    enum class State : uint8_t { kWaiting, kOpen, kFailed } state = State::kWaiting;
  };
  Attempts(net::Protocol protocol, net::Port port, base::Fd epoll)
      : protocol_(protocol), port_(port), epoll_(std::move(epoll)) {}
  base::Status watch(int fd, uint32_t events, uint64_t number);
  base::Result<base::Fd> make_listener(const net::Ip& ip) const;
  base::Result<base::Fd> make_socket(const net::Ip& local, uint16_t port) const;
  base::Status begin(const Flow& flow);
  void on_event(uint64_t number);

  net::Protocol protocol_;
  net::Port port_;
  base::Fd epoll_;
  std::vector<base::Fd> listeners_;
  std::vector<Started> started_;
};

}  // namespace sluice::lab
