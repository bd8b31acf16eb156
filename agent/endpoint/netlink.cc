#include "agent/endpoint/netlink.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/net_namespace.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

namespace sluice::endpoint {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr int kReadsAtOnce = 4096;  // of hear(): a flood of news keeps nobody from acting on them

Error netlink_error(int code, const std::string& what) {
  return Error(what + ": " + nl_geterror(code));
}

// Bytes of an attribute, or nothing where it is absent or shorter than asked for.
template <typename T>
std::optional<T> value_of(const nlattr* attribute) {
  if (attribute == nullptr || nla_len(attribute) < static_cast<int>(sizeof(T))) return std::nullopt;
  T value;
  std::memcpy(&value, nla_data(attribute), sizeof(T));
  return value;
}

std::string text_of(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  const char* text = static_cast<const char*>(nla_data(attribute));
  return {text, ::strnlen(text, static_cast<size_t>(nla_len(attribute)))};
}

int on_link(nl_msg* message, void* into) noexcept {
  const nlmsghdr* header = nlmsg_hdr(message);
  if (header->nlmsg_type != RTM_NEWLINK) return NL_SKIP;
  nlattr* attributes[IFLA_MAX + 1];
  if (nlmsg_parse(const_cast<nlmsghdr*>(header), sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) < 0)
    return NL_SKIP;
  const auto* info = static_cast<const ifinfomsg*>(nlmsg_data(header));
  Link link;
  link.ifindex = info->ifi_index;
  link.running = value_of<uint8_t>(attributes[IFLA_OPERSTATE]) == uint8_t{IF_OPER_UP};
  link.name = text_of(attributes[IFLA_IFNAME]);
  link.peer_ifindex = value_of<int>(attributes[IFLA_LINK]).value_or(0);
  link.master = value_of<int>(attributes[IFLA_MASTER]).value_or(0);
  link.peer_nsid = value_of<int>(attributes[IFLA_LINK_NETNSID]);
  if (attributes[IFLA_ADDRESS] != nullptr &&
      nla_len(attributes[IFLA_ADDRESS]) == static_cast<int>(link.mac.size()))
    link.mac = *value_of<Mac>(attributes[IFLA_ADDRESS]);
  nlattr* details[IFLA_INFO_MAX + 1];
  if (attributes[IFLA_LINKINFO] != nullptr &&
      nla_parse_nested(details, IFLA_INFO_MAX, attributes[IFLA_LINKINFO], nullptr) >= 0)
    link.kind = text_of(details[IFLA_INFO_KIND]);
  // Kernels before 5.13 leave IFLA_LINK out where both ends of a veth happen to have one and the same index.
  if (link.kind == "veth" && link.peer_nsid && link.peer_ifindex == 0) link.peer_ifindex = link.ifindex;
  static_cast<std::vector<Link>*>(into)->push_back(std::move(link));
  return NL_OK;
}

std::optional<Address> address_in(const nlmsghdr* header) {
  nlattr* attributes[IFA_MAX + 1];
  if (header->nlmsg_type != RTM_NEWADDR ||
      nlmsg_parse(const_cast<nlmsghdr*>(header), sizeof(ifaddrmsg), attributes, IFA_MAX, nullptr) < 0)
    return std::nullopt;
  const auto* info = static_cast<const ifaddrmsg*>(nlmsg_data(header));
  // IPv4 point-to-point: IFA_ADDRESS is the other end's, IFA_LOCAL ours. IPv6 without a peer has IFA_ADDRESS
  // alone.
  const nlattr* own = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  if (own == nullptr) return std::nullopt;
  auto ip =
      net::Ip::from_bytes({static_cast<const uint8_t*>(nla_data(own)), static_cast<size_t>(nla_len(own))});
  if (!ip) return std::nullopt;
  return Address{static_cast<int>(info->ifa_index), *ip, info->ifa_scope};
}

int on_address(nl_msg* message, void* into) noexcept {
  const auto address = address_in(nlmsg_hdr(message));
  if (!address) return NL_SKIP;
  static_cast<std::vector<Address>*>(into)->push_back(*address);
  return NL_OK;
}

int on_nsid(nl_msg* message, void* into) noexcept {
  const nlmsghdr* header = nlmsg_hdr(message);
  if (header->nlmsg_type != RTM_NEWNSID) return NL_SKIP;
  nlattr* attributes[NETNSA_MAX + 1];
  if (nlmsg_parse(const_cast<nlmsghdr*>(header), sizeof(rtgenmsg), attributes, NETNSA_MAX, nullptr) < 0)
    return NL_SKIP;
  const auto nsid = value_of<int>(attributes[NETNSA_NSID]);
  if (nsid && *nsid >= 0) *static_cast<std::optional<int>*>(into) = *nsid;
  return NL_OK;
}

}  // namespace

void Netlink::Close::operator()(nl_sock* socket) const noexcept {
  nl_socket_free(socket);
}

int Netlink::fd() const {
  return nl_socket_get_fd(socket_.get());
}

// libnl's own errors have no number for most of what socket(2) says ("Unspecific failure").
Status open_socket(nl_sock* socket, int protocol) {
  if (socket == nullptr) return Error::from_errno(ENOMEM, "open a netlink socket");
  errno = 0;
  if (const int code = nl_connect(socket, protocol); code < 0)
    return errno != 0 ? Error::from_errno(errno, "open a netlink socket")
                      : netlink_error(code, "open a netlink socket");
  const timeval deadline{.tv_sec = kReplyDeadline.count(), .tv_usec = 0};
  if (::setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)) != 0)
    return Error::from_errno(errno, "open a netlink socket: set its time-out");
  return base::done();
}

Result<Netlink> Netlink::open() {
  Netlink netlink(nl_socket_alloc());
  // The kernel picks the number: libnl's own numbering ends at 1024 a process.
  if (netlink.socket_ != nullptr) nl_socket_set_local_port(netlink.socket_.get(), 0);
  if (auto opened = open_socket(netlink.socket_.get(), NETLINK_ROUTE); !opened) return opened.error();
  return netlink;
}

// The whole list, again from nothing while the kernel says that it changed under the dump.
template <typename T>
Result<std::vector<T>> Netlink::dump(int type, int (*on_message)(nl_msg*, void*), const std::string& what) {
  int code = 0;
  for (int tries = 0; tries < kDumpTries; ++tries) {
    std::vector<T> list;
    nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message, &list);
    ifinfomsg any{};  // the longer of the two requests' headers; all families
    code = nl_send_simple(socket_.get(), type, NLM_F_DUMP, &any, sizeof(any));
    if (code >= 0) code = nl_recvmsgs_default(socket_.get());
    if (code >= 0) return list;
    if (code != -NLE_DUMP_INTR) break;
  }
  return netlink_error(code, what);
}

Result<std::vector<Link>> Netlink::links() {
  auto list = dump<Link>(RTM_GETLINK, on_link, "list links");
  if (list) std::ranges::sort(*list, {}, &Link::ifindex);
  return list;
}

Result<std::vector<Address>> Netlink::addresses() {
  return dump<Address>(RTM_GETADDR, on_address, "list addresses");
}

Result<std::optional<int>> Netlink::nsid_of(int netns_fd) {
  std::optional<int> nsid;
  nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, on_nsid, &nsid);
  nl_msg* message = nlmsg_alloc_simple(RTM_GETNSID, 0);
  rtgenmsg family{};
  if (message == nullptr || nlmsg_append(message, &family, sizeof(family), NLMSG_ALIGNTO) < 0 ||
      nla_put_u32(message, NETNSA_FD, static_cast<uint32_t>(netns_fd)) < 0) {
    nlmsg_free(message);
    return Error("ask for a namespace's number: out of memory");
  }
  int code = nl_send_auto(socket_.get(), message);
  nlmsg_free(message);
  if (code >= 0) code = nl_recvmsgs_default(socket_.get());  // the answer, or an error in place of it
  if (code >= 0) code = nl_wait_for_ack(socket_.get());      // comes after the answer, by itself
  if (code < 0) return netlink_error(code, "ask for a namespace's number");
  return nsid;
}

Status Netlink::request(nl_msg* message, const std::string& what) {
  const int code = nl_send_sync(socket_.get(), message);  // frees the message
  if (code < 0) return netlink_error(code, what);
  return base::done();
}

Status Netlink::listen_to_news() {
  for (const int group : {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR})
    if (const int code = nl_socket_add_membership(socket_.get(), group); code < 0)
      return netlink_error(code, "subscribe to netlink group " + std::to_string(group));
  return base::done();
}

Heard Netlink::hear() {
  Heard heard;
  alignas(nlmsghdr) char page[32768];  // the kernel's news are far shorter; a cut one still says what it is
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {
    const ssize_t got = ::recv(fd(), page, sizeof(page), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) {
      heard.overrun = true;
      continue;
    }
    if (got <= 0) break;
    int left = static_cast<int>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(page); nlmsg_ok(message, left);
         message = nlmsg_next(message, &left)) {
      heard.links |= message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK;
      if (const auto address = address_in(message)) heard.added.push_back(*address);
      heard.addresses |= message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR;
    }
  }
  return heard;
}

}  // namespace sluice::endpoint
