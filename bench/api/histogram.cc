#include "bench/api/histogram.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <limits>
#include <sstream>
#include <string_view>

#include "agent/base/fd.h"

namespace sluice::bench::api {
namespace {

constexpr std::string_view kAsk = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

base::Result<std::string> read_metrics(uint16_t port) {
  const base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{10, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::send(fd.get(), kAsk.data(), kAsk.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kAsk.size()))
    return base::Error::from_errno(errno, "ask the agent for its metrics");
  std::string text;
  char piece[16 << 10];
  for (ssize_t size; (size = ::recv(fd.get(), piece, sizeof piece, 0)) > 0;)
    text.append(piece, static_cast<size_t>(size));
  return text;
}

}  // namespace

double Histogram::quantile(double p) const {
  const double rank = p * count();
  double low = 0, below = 0;
  for (const auto& [bound, within] : up_to) {
    if (within >= rank && within > below)
      return bound == std::numeric_limits<double>::infinity()
                 ? low
                 : low + (bound - low) * (rank - below) / (within - below);
    low = bound;
    below = within;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Histogram Histogram::since(const Histogram& before) const {
  Histogram more = *this;
  for (auto& [bound, within] : more.up_to)
    if (const auto then = before.up_to.find(bound); then != before.up_to.end()) within -= then->second;
  return more;
}

base::Result<Histogram> read_histogram(uint16_t port, const std::string& name) {
  auto text = read_metrics(port);
  if (!text) return text.error();
  const std::string start = name + "_bucket{le=\"";
  Histogram histogram;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(start)) continue;
    const size_t end = line.find('"', start.size());
    const std::string bound = line.substr(start.size(), end - start.size());
    histogram.up_to[bound == "+Inf" ? std::numeric_limits<double>::infinity() : std::stod(bound)] =
        std::stod(line.substr(line.find(' ', end)));
  }
  if (histogram.up_to.empty()) return base::Error("the agent's metrics have no " + name);
  return histogram;
}

}  // namespace sluice::bench::api
