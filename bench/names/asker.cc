#include "bench/names/asker.h"

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

namespace sluice::bench::names {

using live::Message;
using std::chrono::steady_clock;

namespace {

constexpr auto kSecond = std::chrono::nanoseconds(1'000'000'000);
constexpr int kPatience = 1000;       // milliseconds, for answers that are under way at the end
constexpr int kAnswerRoom = 8 << 20;  // bytes of answers that wait for the one who takes them

int64_t now() {
  return steady_clock::now().time_since_epoch().count();
}

void wait_until(int64_t when) {
  const timespec at{when / kSecond.count(), when % kSecond.count()};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

}  // namespace

live::Question question_of(uint32_t number) {
  return {static_cast<uint16_t>(number), "r" + std::to_string(number % kNames) + ".bench.test"};
}

net::Ip address_of(uint32_t number) {
  const uint32_t of_name = number % kNames;
  const uint8_t bytes[] = {10, 99, static_cast<uint8_t>(of_name >> 8), static_cast<uint8_t>(of_name)};
  return *net::Ip::from_bytes(bytes);
}

base::Result<Asker> Asker::open(const std::string& netns, const net::Ip& server) {
  auto fd = live::socket_in(netns, AF_INET, SOCK_DGRAM, 0);
  if (!fd) return fd.error();
  ::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUFFORCE, &kAnswerRoom, sizeof kAnswerRoom);
  const live::SocketAddress to({server, live::kDnsPort});
  if (::connect(fd->get(), to.get(), to.size()) != 0)
    return base::Error::from_errno(errno, "connect to the server");
  return Asker(std::move(*fd));
}

Round Asker::round(uint32_t questions) {
  std::vector<Message> asked;
  for (uint32_t i = 0; i < questions; ++i) asked.push_back(live::asking(question_of(i)));
  std::vector<std::atomic<int64_t>> begun(questions);
  std::atomic<bool> done = false;
  Round round;
  std::thread taking([&] {
    for (size_t answers = 0; answers < questions;) {
      const Message got = live::datagram(fd_.get(), done ? kPatience : 1);
      const int64_t at = now();
      if (got.empty() && done) break;
      if (got.size() < 2) continue;
      const uint32_t id = uint32_t{got[0]} << 8 | got[1];
      const int64_t from = id < questions ? begun[id].exchange(0) : 0;
      if (from == 0 || !live::says(got, address_of(id))) {
        ++round.wrong;
        continue;
      }
      ++answers;
      round.microseconds.push_back(static_cast<double>(at - from) / 1e3);
    }
  });
  const int64_t start = now(), apart = kSecond.count() / questions;
  for (uint32_t i = 0; i < questions; ++i) {
    wait_until(start + i * apart);
    begun[i] = now();
    round.asked += ::send(fd_.get(), asked[i].data(), asked[i].size(), 0) > 0;
  }
  round.seconds = static_cast<double>(now() - start) / 1e9;
  done = true;
  taking.join();
  return round;
}

}  // namespace sluice::bench::names
