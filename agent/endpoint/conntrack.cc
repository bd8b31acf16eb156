#include "agent/endpoint/conntrack.h"

#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <memory>
#include <optional>

#include "agent/endpoint/netlink.h"

namespace sluice::endpoint {
namespace {

using base::Error;
using base::Result;
using base::Status;

struct CloseSocket {
  void operator()(nl_sock* socket) const noexcept { nl_socket_free(socket); }
};
struct FreeMessage {
  void operator()(nl_msg* message) const noexcept { nlmsg_free(message); }
};

std::optional<net::Ip> ip_of(nlattr* const* attributes, int ipv4, int ipv6) {
  const nlattr* attribute = attributes[ipv4] != nullptr ? attributes[ipv4] : attributes[ipv6];
  if (attribute == nullptr) return std::nullopt;
  auto ip = net::Ip::from_bytes(
      {static_cast<const uint8_t*>(nla_data(attribute)), static_cast<size_t>(nla_len(attribute))});
  if (!ip) return std::nullopt;
  return *ip;
}

std::optional<net::Port> port_of(const nlattr* attribute) {
  if (attribute == nullptr || nla_len(attribute) != static_cast<int>(sizeof(uint16_t))) return std::nullopt;
  return net::Port::from_network(nla_get_u16(attribute));
}

// Of a TCP connection; nothing where it is another protocol's.
std::optional<Tuple> tuple_in(nlattr* nested) {
  nlattr* parts[CTA_TUPLE_MAX + 1];
  nlattr* ip[CTA_IP_MAX + 1];
  nlattr* protocol[CTA_PROTO_MAX + 1];
  if (nested == nullptr || nla_parse_nested(parts, CTA_TUPLE_MAX, nested, nullptr) < 0 ||
      parts[CTA_TUPLE_IP] == nullptr || parts[CTA_TUPLE_PROTO] == nullptr ||
      nla_parse_nested(ip, CTA_IP_MAX, parts[CTA_TUPLE_IP], nullptr) < 0 ||
      nla_parse_nested(protocol, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], nullptr) < 0)
    return std::nullopt;
  const nlattr* number = protocol[CTA_PROTO_NUM];
  if (number == nullptr || nla_len(number) < 1 || nla_get_u8(number) != net::kTcp.number())
    return std::nullopt;
  const auto source = ip_of(ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC),
             destination = ip_of(ip, CTA_IP_V4_DST, CTA_IP_V6_DST);
  const auto from = port_of(protocol[CTA_PROTO_SRC_PORT]), to = port_of(protocol[CTA_PROTO_DST_PORT]);
  if (!source || !destination || !from || !to) return std::nullopt;
  return Tuple{*source, *destination, *from, *to};
}

bool is_established(nlattr* nested) {
  nlattr* info[CTA_PROTOINFO_MAX + 1];
  nlattr* tcp[CTA_PROTOINFO_TCP_MAX + 1];
  if (nested == nullptr || nla_parse_nested(info, CTA_PROTOINFO_MAX, nested, nullptr) < 0 ||
      info[CTA_PROTOINFO_TCP] == nullptr ||
      nla_parse_nested(tcp, CTA_PROTOINFO_TCP_MAX, info[CTA_PROTOINFO_TCP], nullptr) < 0)
    return false;
  const nlattr* state = tcp[CTA_PROTOINFO_TCP_STATE];
  return state != nullptr && nla_len(state) >= 1 && nla_get_u8(state) == TCP_CONNTRACK_ESTABLISHED;
}

struct Sought {
  const std::set<net::Ip>& senders;
  std::vector<Connection> found;
};

int on_connection(nl_msg* message, void* into) noexcept {
  nlattr* attributes[CTA_MAX + 1];
  if (nlmsg_parse(nlmsg_hdr(message), sizeof(nfgenmsg), attributes, CTA_MAX, nullptr) < 0) return NL_SKIP;
  const bool other_zone = attributes[CTA_ZONE] != nullptr;
  if (other_zone || !is_established(attributes[CTA_PROTOINFO])) return NL_SKIP;
  const auto original = tuple_in(attributes[CTA_TUPLE_ORIG]), reply = tuple_in(attributes[CTA_TUPLE_REPLY]);
  if (!original || !reply) return NL_SKIP;
  auto& sought = *static_cast<Sought*>(into);
  if (sought.senders.contains(original->source) || sought.senders.contains(reply->source))
    sought.found.push_back({*original, *reply});
  return NL_OK;
}

Status dump(nl_sock* socket, uint8_t family, Sought& sought) {
  const auto failed = [](int code) {
    return Error(std::string("dump tracked connections: ") + nl_geterror(code));
  };
  const std::unique_ptr<nl_msg, FreeMessage> request(
      nlmsg_alloc_simple((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP));
  if (request == nullptr) return failed(-NLE_NOMEM);
  nfgenmsg header{family, NFNETLINK_V0, 0};
  if (const int code = nlmsg_append(request.get(), &header, sizeof header, NLMSG_ALIGNTO); code < 0)
    return failed(code);
  if (const int code = nl_send_auto(socket, request.get()); code < 0) return failed(code);
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_connection, &sought);
  if (const int code = nl_recvmsgs_default(socket); code < 0) return failed(code);
  return base::done();
}

}  // namespace

Result<std::vector<Connection>> established_tcp(const std::set<net::Ip>& senders) {
  const std::unique_ptr<nl_sock, CloseSocket> socket(nl_socket_alloc());
  if (auto opened = open_socket(socket.get(), NETLINK_NETFILTER); !opened) return opened.error();
  Sought sought{senders, {}};
  for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}})
    if (auto dumped = dump(socket.get(), family, sought); !dumped) return dumped.error();
  return std::move(sought.found);
}

}  // namespace sluice::endpoint
