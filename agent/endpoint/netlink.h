// Netlink: one route netlink socket (libnl-3), bound for life to the namespace of the thread that
// opened it.
//
// Laws:
//  1. Every wait is bounded (kReplyDeadline).
//  2. A dump that the kernel says was disturbed is taken again, at most kDumpTries times.
//  3. Values come out, no libnl type: nothing here holds kernel state.
//
// Move-only; one thread at a time. Source: rtnetlink(7), Documentation/networking of the kernel,
// linux/if_link.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/net/ip.h"

struct nl_msg;
struct nl_sock;

namespace sluice::endpoint {

inline constexpr std::chrono::seconds kReplyDeadline{5};
inline constexpr int kDumpTries = 5;

using Mac = std::array<uint8_t, 6>;

struct Link {
  int ifindex = 0;
  std::string name;
  std::string kind;  // IFLA_INFO_KIND: "veth", "bridge"; empty for hardware and lo
  // IFLA_LINK: for a veth its other end's index, in the namespace that peer_nsid names; 0 where there is
  // none.
  int peer_ifindex = 0;
  std::optional<int>
      peer_nsid;         // IFLA_LINK_NETNSID, as numbered by this namespace; absent: the same namespace
  int master = 0;        // IFLA_MASTER: the bridge that it is a port of; 0: none
  bool running = false;  // IF_OPER_UP: up, the other end too, and the kernel has taken note: packets pass
  Mac mac{};             // zero where the link has none of 6 bytes
};

struct Address {
  int ifindex = 0;
  net::Ip ip;         // the interface's own (IFA_LOCAL), also where it is point-to-point
  uint8_t scope = 0;  // RT_SCOPE_*
};

// Kinds of news. overrun: the kernel had to drop some (ENOBUFS), so that anything may have changed.
struct Heard {
  bool links = false, addresses = false, overrun = false;
  std::vector<Address> added;  // IPv6 ones come once they can be reached (after duplicate address detection)
  bool any() const { return links || addresses || overrun; }
};

// Opens libnl's socket for a protocol of netlink(7), with kReplyDeadline; nullptr: there was no memory for
// it.
base::Status open_socket(nl_sock* socket, int protocol);

class Netlink {
 public:
  // In the calling thread's namespace.
  static base::Result<Netlink> open();

  base::Result<std::vector<Link>> links();         // by ifindex
  base::Result<std::vector<Address>> addresses();  // both families, in the kernel's order
  // The number by which this socket's namespace knows the other one; absent where none was given yet.
  base::Result<std::optional<int>> nsid_of(int netns_fd);

  // Sends one request, takes it over, and waits for the kernel's answer. `what` opens the error message.
  base::Status request(nl_msg* message, const std::string& what);

  // From now on this socket hears of links and addresses instead of answering requests.
  base::Status listen_to_news();
  // What was heard since the last call; never waits.
  Heard hear();
  int fd() const;  // readable when there is something to hear

 private:
  struct Close {
    void operator()(nl_sock* socket) const noexcept;
  };
  explicit Netlink(nl_sock* socket) : socket_(socket) {}
  template <typename T>
  base::Result<std::vector<T>> dump(int type, int (*on_message)(nl_msg*, void*), const std::string& what);

  std::unique_ptr<nl_sock, Close> socket_;
};

}  // namespace sluice::endpoint
