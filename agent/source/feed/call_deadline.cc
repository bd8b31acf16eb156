#include "agent/source/feed/call_deadline.h"

#include <algorithm>

namespace sluice::source::feed {
namespace {

// Of the time that a caller gives, what is kept for the way back.
constexpr std::chrono::milliseconds kWayBack{100};

}  // namespace

// gRPC counts on the wall clock; the agent on the steady one.
std::chrono::steady_clock::time_point deadline_of(const grpc::CallbackServerContext& context) {
  using std::chrono::steady_clock;
  const auto now = std::chrono::system_clock::now();
  const auto far = now + kDefaultCallDeadline;
  const auto asked = context.deadline();
  const auto unlimited = now + std::chrono::hours(24);
  const auto given =
      std::chrono::duration_cast<steady_clock::duration>((asked > unlimited ? far : asked) - now);
  return steady_clock::now() + given - std::min<steady_clock::duration>(kWayBack, given / 10);
}

}  // namespace sluice::source::feed
