#include "agent/kernel/answers/send.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace sluice::kernel::answers {

using base::Error;
using base::Result;
using base::Status;

namespace {

Status set(int fd, int level, int option, int value, const char* name) {
  if (::setsockopt(fd, level, option, &value, sizeof value) == 0) return base::done();
  return Error::from_errno(errno, std::string("send answers on: ") + name);
}

}  // namespace

Result<Sender> Sender::open(uint32_t mark) {
  base::Fd fd(
      ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));  // protocol 0: it receives nothing
  if (!fd.valid()) return Error::from_errno(errno, "send answers on: packet socket");
  if (auto with = set(fd.get(), SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR"); !with)
    return with.error();
  if (auto with = set(fd.get(), SOL_SOCKET, SO_MARK, static_cast<int>(mark), "SO_MARK"); !with)
    return with.error();
  if (auto with = set(fd.get(), SOL_SOCKET, SO_SNDBUF, 4 << 20, "SO_SNDBUF"); !with) return with.error();
  return Sender(std::move(fd));
}

Status Sender::send(uint32_t ifindex, const dns::SendHeader& header, std::span<const uint8_t> frame) const {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(ifindex);
  if (frame.size() >= ETH_HLEN)
    std::memcpy(&to.sll_protocol, &frame[ETH_HLEN - sizeof to.sll_protocol], sizeof to.sll_protocol);
  std::array<iovec, 2> parts = {iovec{const_cast<dns::SendHeader*>(&header), sizeof header},
                                iovec{const_cast<uint8_t*>(frame.data()), frame.size()}};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) >= 0) return base::done();
  return Error::from_errno(errno, "send an answer on to interface " + std::to_string(ifindex));
}

// packet(7), and what a device that is gone, full or refuses a packet says. What the programs deny says ENOBUFS too.
bool Sender::is_lasting(const Error& error) {
  for (const int of_one : {ENOBUFS, EAGAIN, ENODEV, ENXIO, ENETDOWN, EMSGSIZE, EINVAL, ENOMEM, EIO})
    if (error.code() == of_one) return false;
  return true;
}

}  // namespace sluice::kernel::answers
