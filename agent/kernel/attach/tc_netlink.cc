#include "agent/kernel/attach/tc_netlink.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cstring>

#include "agent/base/fd.h"

namespace sluice::kernel::attach {
namespace {

using base::Error;
using base::Status;

constexpr size_t kReceiveBytes = 32768;  // what the kernel fills a dump message up to
constexpr time_t kPatienceSeconds = 10;

struct Request {
  nlmsghdr header;
  tcmsg message;
};
static_assert(sizeof(tcmsg) % NLMSG_ALIGNTO == 0, "attributes follow it at once");

using Visit = std::function<void(const nlmsghdr&)>;

enum class Progress { kMore, kEnd };

// The messages of one datagram. The kernel acknowledges a change by an error message with code 0.
base::Result<Progress> visit_datagram(nlmsghdr* header, size_t bytes, const Visit& visit) {
  auto left = static_cast<unsigned>(bytes);
  for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type == NLMSG_DONE) return Progress::kEnd;
    if (header->nlmsg_type == NLMSG_ERROR) {
      const int code = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
      return code == 0 ? base::Result<Progress>(Progress::kEnd) : Error::from_errno(code, "rtnetlink");
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
    auto progress = visit_datagram(reinterpret_cast<nlmsghdr*>(buffer), static_cast<size_t>(received), visit);
    if (!progress) return progress.error();
    if (*progress == Progress::kEnd) return base::done();
  }
}

Status ask(uint16_t type, uint16_t flags, const tcmsg& message, const std::vector<char>& attributes,
           const Visit& visit) {
  const base::Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.valid()) return Error::from_errno(errno, "rtnetlink socket");
  const timeval patience{kPatienceSeconds, 0};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
    return Error::from_errno(errno, "rtnetlink time-out");
  Request request{};
  request.header.nlmsg_len = static_cast<uint32_t>(sizeof request + attributes.size());
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  request.message = message;
  std::vector<char> bytes(sizeof request);
  std::memcpy(bytes.data(), &request, sizeof request);
  bytes.insert(bytes.end(), attributes.begin(), attributes.end());
  if (::send(socket.get(), bytes.data(), bytes.size(), 0) < 0)
    return Error::from_errno(errno, "rtnetlink send");
  return receive(socket.get(), visit);
}

}  // namespace

tcmsg tc_at(uint32_t ifindex, uint32_t parent) {
  tcmsg message{};
  message.tcm_family = AF_UNSPEC;
  message.tcm_ifindex = static_cast<int>(ifindex);
  message.tcm_parent = parent;
  return message;
}

const tcmsg& tc_message(const nlmsghdr& header) {
  return *reinterpret_cast<const tcmsg*>(reinterpret_cast<const char*>(&header) + NLMSG_HDRLEN);
}

Status tc_dump(uint16_t type, const tcmsg& message, const Visit& visit) {
  return ask(type, NLM_F_DUMP, message, {}, visit);
}

Status tc_change(uint16_t type, uint16_t flags, const tcmsg& message, const std::vector<char>& attributes) {
  return ask(type, static_cast<uint16_t>(NLM_F_ACK | flags), message, attributes, [](const nlmsghdr&) {});
}

void for_each_attribute(const rtattr* first, size_t bytes, const VisitAttribute& visit) {
  auto left = static_cast<int>(bytes);
  for (const rtattr* attribute = first; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    visit(attribute);
  }
}

void for_each_attribute(const nlmsghdr& header, const VisitAttribute& visit) {
  const auto* message = &tc_message(header);
  for_each_attribute(reinterpret_cast<const rtattr*>(message + 1), NLMSG_PAYLOAD(&header, sizeof *message),
                     visit);
}

std::string text_of(const rtattr* attribute) {
  const std::string text(static_cast<const char*>(RTA_DATA(attribute)), RTA_PAYLOAD(attribute));
  return text.substr(0, text.find('\0'));
}

void append_attribute(std::vector<char>& attributes, uint16_t type, const void* value, size_t bytes) {
  const rtattr head{static_cast<uint16_t>(RTA_LENGTH(bytes)), type};
  const size_t at = attributes.size();
  attributes.resize(at + RTA_SPACE(bytes));
  std::memcpy(attributes.data() + at, &head, sizeof head);
  if (bytes > 0) std::memcpy(attributes.data() + at + RTA_LENGTH(0), value, bytes);
}

}  // namespace sluice::kernel::attach
