// A resolver as small as can be, and what a server would answer: DNS messages over UDP and TCP (RFC 1035) of one question.
// Blocking, with the caller's patience; any thread, in whose network namespace the sockets are made.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/live/netns_socket.h"

namespace sluice::live {

constexpr uint16_t kDnsPort = 53;
using Message = std::vector<uint8_t>;

struct Question {
  uint16_t id = 0;
  std::string name;
  net::Family family = net::Family::kIpv4;  // A or AAAA
};

inline void put16(Message& message, size_t number) {
  message.push_back(static_cast<uint8_t>(number >> 8));
  message.push_back(static_cast<uint8_t>(number));
}

inline uint16_t type_of(net::Family family) {
  return family == net::Family::kIpv4 ? 1 : 28;
}

inline Message asking(const Question& question) {
  Message message;
  for (const size_t word : {size_t{question.id}, size_t{0x0100}, size_t{1}, size_t{0}, size_t{0}, size_t{0}})
    put16(message, word);
  for (size_t from = 0; from < question.name.size();) {
    const size_t to = std::min(question.name.find('.', from), question.name.size());
    message.push_back(static_cast<uint8_t>(to - from));
    message.insert(message.end(), question.name.begin() + static_cast<ptrdiff_t>(from),
                   question.name.begin() + static_cast<ptrdiff_t>(to));
    from = to + 1;
  }
  message.push_back(0);
  put16(message, type_of(question.family));
  put16(message, 1);
  return message;
}

// What a server says: the question's name has these addresses for so many seconds.
inline Message answering(const Question& question, const std::vector<net::Ip>& ips, uint16_t ttl) {
  Message message = asking(question);
  message[2] = 0x81, message[3] = 0x80;
  message[6] = static_cast<uint8_t>(ips.size() >> 8), message[7] = static_cast<uint8_t>(ips.size());
  for (const net::Ip& ip : ips) {
    put16(message, 0xc00c);  // the name of the question
    put16(message, type_of(ip.family()));
    put16(message, 1);
    put16(message, 0);
    put16(message, ttl);
    const auto bytes = ip.bytes();
    put16(message, bytes.size());
    message.insert(message.end(), bytes.begin(), bytes.end());
  }
  return message;
}
inline Message answering(const Question& question, const net::Ip& ip, uint16_t ttl) {
  return answering(question, std::vector{ip}, ttl);
}

inline bool has_id(const Message& message, uint16_t id) {
  return message.size() >= 2 && message[0] == id >> 8 && message[1] == (id & 0xff);
}

// One datagram, or nothing in time.
inline Message datagram(int fd, int milliseconds) {
  Message message(4096);
  const ssize_t count = readable(fd, milliseconds) ? ::recv(fd, message.data(), message.size(), 0) : 0;
  message.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return message;
}

// Connects within the patience; nothing where it does not.
inline base::Fd connected(const SocketAt& to, int milliseconds) {
  const SocketAddress address(to);
  base::Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const linger reset{1, 0};  // no TIME_WAIT: there are more connections than ports
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (::connect(fd.get(), address.get(), address.size()) == 0) return fd;
  pollfd poll{fd.get(), POLLOUT, 0};
  if (errno != EINPROGRESS || ::poll(&poll, 1, milliseconds) != 1 ||
      (poll.revents & (POLLERR | POLLHUP)) != 0)
    return {};
  return fd;
}

inline Message read_exactly(int fd, size_t size, int milliseconds) {
  Message all(size);
  for (size_t have = 0; have < size;) {
    const ssize_t count = readable(fd, milliseconds) ? ::recv(fd, &all[have], size - have, 0) : 0;
    if (count <= 0) return {};
    have += static_cast<size_t>(count);
  }
  return all;
}

// The server's answer; nothing where none comes in time.
inline Message ask_by_udp(const net::Ip& server, const Question& question, int milliseconds) {
  const SocketAddress to({server, kDnsPort});
  const base::Fd fd(::socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Message message = asking(question);
  if (::connect(fd.get(), to.get(), to.size()) != 0 ||
      ::send(fd.get(), message.data(), message.size(), 0) < 0)
    return {};
  for (Message got = datagram(fd.get(), milliseconds); !got.empty(); got = datagram(fd.get(), milliseconds))
    if (has_id(got, question.id)) return got;
  return {};
}
inline Message ask_by_tcp(const net::Ip& server, const Question& question, int milliseconds) {
  const base::Fd fd = connected({server, kDnsPort}, milliseconds);
  if (!fd.valid()) return {};
  const Message message = asking(question);
  Message with_length;
  put16(with_length, message.size());
  with_length.insert(with_length.end(), message.begin(), message.end());
  if (::send(fd.get(), with_length.data(), with_length.size(), MSG_NOSIGNAL) < 0) return {};
  const Message length = read_exactly(fd.get(), 2, milliseconds);
  return length.empty() ? length : read_exactly(fd.get(), size_t{length[0]} << 8 | length[1], milliseconds);
}

// Does the answer give this address?
inline bool says(const Message& answer, const net::Ip& ip) {
  const auto bytes = ip.bytes();
  return std::search(answer.begin(), answer.end(), bytes.begin(), bytes.end()) != answer.end();
}

}  // namespace sluice::live
