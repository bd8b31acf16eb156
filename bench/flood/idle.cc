#include "bench/flood/idle.h"

namespace sluice::bench::flood {
namespace {

constexpr int kPatience = 5000, kPatienceOnceLost = 300;  // milliseconds

struct Sort {
  net::Protocol protocol;
  bool pushes_only;
};
constexpr Sort kSorts[] = {{net::kTcp, true}, {net::kTcp, false}, {net::kUdp, false}};

}  // namespace

base::Result<IdleConnections> IdleConnections::open(uint32_t count) {
  IdleConnections idle;
  for (uint32_t i = 0; i < count; ++i) {
    const Sort& sort = kSorts[i % std::size(kSorts)];
    auto stream = flood::open(kClient, kServer, sort.protocol);
    if (!stream) return stream.error().within("idle connection " + std::to_string(i));
    // UDP is answered after two packets of the other end.
    for (int beat = 0; beat < 2; ++beat)
      if (!stream->answer(kPatience) || (!sort.pushes_only && !stream->beat(kPatience)))
        return base::Error("idle connection " + std::to_string(i) + ": does not work before the flood");
    idle.all_.push_back({std::move(*stream), sort.pushes_only});
  }
  return idle;
}

size_t IdleConnections::count_lost() {
  size_t lost = 0;
  std::erase_if(all_, [&lost](Idle& idle) {
    const int patience = lost == 0 ? kPatience : kPatienceOnceLost;
    if (idle.stream.answer(patience) && (idle.pushes_only || idle.stream.beat(patience))) return false;
    ++lost;
    return true;
  });
  return lost;
}

}  // namespace sluice::bench::flood
