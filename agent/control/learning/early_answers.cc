#include "agent/control/learning/early_answers.h"

#include <poll.h>

#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

#include "agent/base/sys_admin.h"
#include "agent/kernel/answers/answers.h"
#include "agent/kernel/answers/send.h"
#include "agent/learn/learner.h"

namespace sluice::control::learning {

using kernel::answers::Sender;
using kernel::answers::Waiting;

namespace {

constexpr int kLookMilliseconds = 10;  // how soon end() is noticed
constexpr size_t kEarlyPacketsAtOnce = 256;

}  // namespace

struct EarlyAnswers::State {
  State(Waiting ring, Sender with, const base::Log& to)
      : waiting(std::move(ring)), sender(std::move(with)), log(to) {}

  void run() {
    base::lower_sys_admin();
    while (!ending && can_send && bytes < kMostBytes) {
      pollfd news{waiting.fd(), POLLIN, 0};
      if (::poll(&news, 1, kLookMilliseconds) <= 0) continue;
      const auto taken = waiting.consume(kEarlyPacketsAtOnce, [this](const auto& entry, auto frame) {
        if (entry.held != 0) send(entry, frame);
        packets.push_back({entry, {frame.begin(), frame.end()}});
        bytes += sizeof packets.back() + frame.size();
      });
      if (!taken) return log.error("names_unreadable", {{"error", taken.error().message()}});
    }
  }

  void send(const sluice_dns_packet& entry, std::span<const uint8_t> frame) {
    if (learn::is_too_late(entry.time, kernel::answers::boot_nanoseconds())) return;
    std::vector<uint8_t> whole(frame.begin(), frame.end());
    const auto header = learn::finished_header(whole, static_cast<uint16_t>(entry.gso_size));
    const auto sent = sender.send(entry.ifindex, header, whole);
    if (sent || !Sender::is_lasting(sent.error())) return;
    if (std::exchange(can_send, false)) log.error("answers_not_held", {{"error", sent.error().message()}});
  }

  Waiting waiting;
  const Sender sender;
  const base::Log& log;
  std::vector<Packet> packets;
  size_t bytes = 0;
  bool can_send = true;
  std::atomic<bool> ending = false;
  std::thread thread;
};

EarlyAnswers::EarlyAnswers(std::unique_ptr<State> state) : state_(std::move(state)) {}

EarlyAnswers::~EarlyAnswers() {
  end();
}

std::unique_ptr<EarlyAnswers> EarlyAnswers::begin(const std::filesystem::path& pin_dir,
                                                  const base::Log& log) {
  auto waiting = Waiting::open(pin_dir);
  if (!waiting) return nullptr;
  auto sender = Sender::open(waiting->mark());
  if (!sender) return nullptr;
  auto state = std::make_unique<State>(std::move(*waiting), std::move(*sender), log);
  try {
    state->thread = std::thread([state = state.get()] { state->run(); });
  } catch (const std::system_error&) {
    return nullptr;
  }
  return std::unique_ptr<EarlyAnswers>(new EarlyAnswers(std::move(state)));
}

std::vector<EarlyAnswers::Packet> EarlyAnswers::end() {
  state_->ending = true;
  if (state_->thread.joinable()) state_->thread.join();
  return std::exchange(state_->packets, {});
}

}  // namespace sluice::control::learning
