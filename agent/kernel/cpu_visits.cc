#include "agent/kernel/cpu_visits.h"

#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <string>
#include <system_error>

namespace sluice::kernel {
namespace {

constexpr char kOnline[] = "/sys/devices/system/cpu/online";

// "0-3,6" (Documentation/admin-guide/cputopology.rst). Where it cannot be read, every CPU counts as online.
bool is_online(int cpu) {
  std::ifstream file(kOnline);
  bool known = false;
  for (std::string part; std::getline(file, part, ',');) {
    const char* const end = part.data() + part.size();
    int first = 0;
    const auto [rest, fault] = std::from_chars(part.data(), end, first);
    int last = first;
    if (fault != std::errc() ||
        (rest != end && *rest == '-' && std::from_chars(rest + 1, end, last).ec != std::errc()))
      return true;
    known = true;
    if (first <= cpu && cpu <= last) return true;
  }
  return !known;
}

bool visit(int cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  return ::sched_setaffinity(0, sizeof only, &only) == 0 || !is_online(cpu);
}

bool visit_all() {
  const long cpus = ::sysconf(_SC_NPROCESSORS_CONF);
  cpu_set_t home;
  if (cpus < 1 || cpus > CPU_SETSIZE || ::sched_getaffinity(0, sizeof home, &home) != 0) return false;
  bool all = true;
  for (int cpu = 0; cpu < cpus && all; ++cpu) all = visit(cpu);
  ::sched_setaffinity(0, sizeof home, &home);
  return all;
}

}  // namespace

CpuVisits::~CpuVisits() {
  rest();
}

void CpuVisits::rest() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  asked_.notify_one();
  if (thread_.joinable()) thread_.join();
  stop_ = false;
}

bool CpuVisits::run(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable() && !start()) return false;
  const uint64_t round = ++wanted_;  // one that begins from here on
  asked_.notify_one();
  return answered_.wait_for(lock, most, [&] { return ended_ >= round; }) && visited_;
}

bool CpuVisits::start() try {
  thread_ = std::thread([this] { work(); });
  return true;
} catch (const std::system_error&) {  // a limit of processes
  return false;
}

void CpuVisits::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    asked_.wait(lock, [this] { return stop_ || wanted_ > ended_; });
    if (stop_) return;
    const uint64_t round = wanted_;
    lock.unlock();
    const bool all = visit_all();
    lock.lock();
    ended_ = round;
    visited_ = all;
    answered_.notify_one();
  }
}

}  // namespace sluice::kernel
