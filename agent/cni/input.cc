#include "agent/cni/input.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace sluice::cni {

base::Result<std::string> read_all(int fd, size_t largest, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string all;
  std::vector<char> part(1U << 16);
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{fd, POLLIN, 0};
    const int polled = ::poll(&ready, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (polled == 0) return base::Error("does not end");
    if (polled < 0 && errno == EINTR) continue;
    const ssize_t size = polled < 0 ? -1 : ::read(fd, part.data(), part.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return base::Error::from_errno(errno, "read");
    if (size == 0) return all;
    all.append(part.data(), static_cast<size_t>(size));
    if (all.size() > largest) return base::Error("has more than " + std::to_string(largest) + " bytes");
  }
}

}  // namespace sluice::cni
