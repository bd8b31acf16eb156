// track(): a TCP connection in this namespace's connection tracking, as established, as a node's kube-proxy
// or NAT would have made the kernel track it. By hand (ctnetlink, IPCTNL_MSG_CT_NEW), so that the test needs
// no firewall of its own.
#pragma once

#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

#include "agent/base/fd.h"
#include "agent/endpoint/conntrack.h"

namespace sluice::live {
namespace detail {

// A netlink attribute with its padding; `type` may carry NLA_F_NESTED.
inline std::string attribute(int type, const std::string& payload) {
  nlattr header{};
  header.nla_len = static_cast<uint16_t>(sizeof header + payload.size());
  header.nla_type = static_cast<uint16_t>(type);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += payload;
  bytes.resize(NLA_ALIGN(bytes.size()));
  return bytes;
}
inline std::string nested(int type, const std::string& payload) {
  return attribute(type | NLA_F_NESTED, payload);
}
template <typename T>
std::string raw(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
inline std::string raw(const net::Ip& ip) {
  return {reinterpret_cast<const char*>(ip.bytes().data()), ip.bytes().size()};
}

inline std::string tuple(int type, const endpoint::Tuple& tuple) {
  const bool ipv4 = tuple.source.family() == net::Family::kIpv4;
  return nested(
      type,
      nested(CTA_TUPLE_IP, attribute(ipv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, raw(tuple.source)) +
                               attribute(ipv4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, raw(tuple.destination))) +
          nested(CTA_TUPLE_PROTO, attribute(CTA_PROTO_NUM, raw(net::kTcp.number())) +
                                      attribute(CTA_PROTO_SRC_PORT, raw(tuple.source_port.network())) +
                                      attribute(CTA_PROTO_DST_PORT, raw(tuple.destination_port.network()))));
}

}  // namespace detail

// Sends one message of connection tracking and waits for its acknowledgement.
inline base::Status ask_conntrack(uint16_t message_type, uint16_t flags, const std::string& body) {
  using namespace detail;  // NOLINT(google-build-using-namespace)
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(sizeof header + body.size());
  header.nlmsg_type = static_cast<uint16_t>((NFNL_SUBSYS_CTNETLINK << 8) | message_type);
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  const std::string message = raw(header) + body;
  const base::Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (::send(fd.get(), message.data(), message.size(), 0) < 0)
    return base::Error::from_errno(errno, "conntrack: send");
  char answer[4096];
  const ssize_t size = ::recv(fd.get(), answer, sizeof answer, 0);
  nlmsgerr error{};
  if (size < static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof error))
    return base::Error("conntrack: no answer");
  std::memcpy(&error, answer + sizeof(nlmsghdr), sizeof error);
  if (error.error != 0) return base::Error::from_errno(-error.error, "conntrack");
  return base::done();
}

// `state` as in linux/netfilter/nf_conntrack_tcp.h.
inline base::Status track(const endpoint::Connection& connection, uint8_t state = TCP_CONNTRACK_ESTABLISHED) {
  using namespace detail;  // NOLINT(google-build-using-namespace)
  const bool ipv4 = connection.original.source.family() == net::Family::kIpv4;
  const nfgenmsg family{static_cast<uint8_t>(ipv4 ? AF_INET : AF_INET6), NFNETLINK_V0, 0};
  return ask_conntrack(
      IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL,
      raw(family) + tuple(CTA_TUPLE_ORIG, connection.original) + tuple(CTA_TUPLE_REPLY, connection.reply) +
          attribute(CTA_TIMEOUT, raw(__builtin_bswap32(600))) +
          nested(CTA_PROTOINFO, nested(CTA_PROTOINFO_TCP, attribute(CTA_PROTOINFO_TCP_STATE, raw(state)))));
}

// Every connection of this namespace is forgotten: the tests of one process share it, and an agent that
// starts adopts what is tracked.
inline base::Status forget_tracked() {
  return ask_conntrack(IPCTNL_MSG_CT_DELETE, 0, detail::raw(nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0}));
}

}  // namespace sluice::live
