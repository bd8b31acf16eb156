#include "agent/kernel/tc_dump.h"

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstring>
#include <functional>

#include "agent/base/fd.h"

namespace sluice::kernel {
namespace {

using base::Error;
using base::Status;

constexpr size_t kReceiveBytes = 32768;  // what the kernel fills a dump message up to
constexpr time_t kPatienceSeconds = 10;

struct Request {
  nlmsghdr header;
  tcmsg message;
};

using Visit = std::function<void(const nlmsghdr&)>;

enum class Progress { kMore, kEnd };

// The messages of one datagram.
base::Result<Progress> visit_all(nlmsghdr* header, size_t bytes, const Visit& visit) {
  auto left = static_cast<unsigned>(bytes);
  for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type == NLMSG_DONE) return Progress::kEnd;
    if (header->nlmsg_type == NLMSG_ERROR) {
      return Error::from_errno(-static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error, "rtnetlink");
    }
    visit(*header);
  }
  return Progress::kMore;
}

Status receive(int fd, const Visit& visit) {
  alignas(nlmsghdr) char buffer[kReceiveBytes];
  for (;;) {
    const ssize_t received = ::recv(fd, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return Error::from_errno(errno, "rtnetlink receive");
    auto progress = visit_all(reinterpret_cast<nlmsghdr*>(buffer), static_cast<size_t>(received), visit);
    if (!progress) return progress.error();
    if (*progress == Progress::kEnd) return base::done();
  }
}

Status dump(uint16_t type, const tcmsg& message, const Visit& visit) {
  const base::Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.valid()) return Error::from_errno(errno, "rtnetlink socket");
  const timeval patience{kPatienceSeconds, 0};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
    return Error::from_errno(errno, "rtnetlink time-out");
  }
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.message = message;
  if (::send(socket.get(), &request, sizeof request, 0) < 0)
    return Error::from_errno(errno, "rtnetlink send");
  return receive(socket.get(), visit);
}

tcmsg at(uint32_t ifindex, uint32_t parent) {
  tcmsg message{};
  message.tcm_family = AF_UNSPEC;
  message.tcm_ifindex = static_cast<int>(ifindex);
  message.tcm_parent = parent;
  return message;
}

static_assert(sizeof(tcmsg) % NLMSG_ALIGNTO == 0, "attributes follow it at once");

const tcmsg& message_of(const nlmsghdr& header) {
  return *reinterpret_cast<const tcmsg*>(reinterpret_cast<const char*>(&header) + NLMSG_HDRLEN);
}

std::string text_of(const rtattr* attribute) {
  const std::string text(static_cast<const char*>(RTA_DATA(attribute)), RTA_PAYLOAD(attribute));
  return text.substr(0, text.find('\0'));
}

using VisitAttribute = std::function<void(const rtattr*)>;

void for_each_attribute(const rtattr* first, size_t bytes, const VisitAttribute& visit) {
  auto left = static_cast<int>(bytes);
  for (const rtattr* attribute = first; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    visit(attribute);
  }
}

void for_each_attribute(const nlmsghdr& header, const VisitAttribute& visit) {
  const auto* message = &message_of(header);
  for_each_attribute(reinterpret_cast<const rtattr*>(message + 1), NLMSG_PAYLOAD(&header, sizeof *message),
                     visit);
}

TcFilter filter_of(const nlmsghdr& header) {
  const tcmsg& message = message_of(header);
  TcFilter filter;
  filter.handle = message.tcm_handle;
  filter.priority = TC_H_MAJ(message.tcm_info) >> 16;
  const rtattr* options = nullptr;
  for_each_attribute(header, [&](const rtattr* attribute) {
    if (attribute->rta_type == TCA_KIND) filter.kind = text_of(attribute);
    if (attribute->rta_type == TCA_OPTIONS) options = attribute;
  });
  if (filter.kind != "bpf" || options == nullptr) return filter;
  for_each_attribute(static_cast<const rtattr*>(RTA_DATA(options)), RTA_PAYLOAD(options),
                     [&](const rtattr* attribute) {
                       if (attribute->rta_type == TCA_BPF_NAME) filter.name = text_of(attribute);
                       if (attribute->rta_type == TCA_BPF_ID && RTA_PAYLOAD(attribute) == sizeof(uint32_t))
                         std::memcpy(&filter.program_id, RTA_DATA(attribute), sizeof(uint32_t));
                     });
  return filter;
}

}  // namespace

base::Result<std::vector<TcFilter>> tc_filters(uint32_t ifindex, sluice_direction direction) {
  const uint32_t hook = direction == SLUICE_EGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS;
  std::vector<TcFilter> filters;
  auto asked = dump(RTM_GETTFILTER, at(ifindex, TC_H_MAKE(TC_H_CLSACT, hook)), [&](const nlmsghdr& header) {
    TcFilter filter = filter_of(header);
    if (header.nlmsg_type == RTM_NEWTFILTER && filter.handle != 0) filters.push_back(std::move(filter));
  });
  if (!asked) return asked.within("list tc filters").error();
  return filters;
}

base::Result<std::string> tc_ingress_qdisc(uint32_t ifindex) {
  std::string kind;
  auto asked = dump(RTM_GETQDISC, at(ifindex, TC_H_CLSACT), [&](const nlmsghdr& header) {
    const tcmsg& qdisc = message_of(header);
    // The kernel lists the qdiscs of every interface, whatever the request names.
    if (qdisc.tcm_ifindex != static_cast<int>(ifindex) || qdisc.tcm_parent != TC_H_CLSACT) return;
    for_each_attribute(header, [&](const rtattr* attribute) {
      if (attribute->rta_type == TCA_KIND) kind = text_of(attribute);
    });
  });
  if (!asked) return asked.within("find clsact").error();
  return kind;
}

}  // namespace sluice::kernel
