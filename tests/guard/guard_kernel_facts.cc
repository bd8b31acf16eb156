// Prints how many instructions the verifier walked through for each program, for guard.sh; with --measured
// also what differs from run to run: milliseconds to load everything; KiB of all maps as the kernel accounts
// for them, and by how much less memory the machine has then. Exit 77 without root: it cannot be told.
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "agent/kernel/bpffs.h"
#include "agent/kernel/loader.h"

namespace {

constexpr int kCannotBeTold = 77;
constexpr uint32_t kFlowEntries = 64;  // preallocated; all of them only where memory is asked for

using namespace sluice;

// The number behind `name` in a file of names and numbers.
int64_t number_in(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string word; file >> word;)
    if (int64_t number = 0; word == name && file >> number) return number;
  return 0;
}

int64_t available_kib() {
  return number_in("/proc/meminfo", "MemAvailable:");
}

int64_t accounted_kib(const kernel::Programs& programs) {
  const auto of = [](int fd) { return number_in("/proc/self/fdinfo/" + std::to_string(fd), "memlock:"); };
  int64_t bytes = of(programs.events_fd());
  for (int map = 0; map < SLUICE_MAP_COUNT; ++map) bytes += of(programs.map(static_cast<sluice_map>(map)).fd);
  return bytes / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  if (::geteuid() != 0) return kCannotBeTold;
  const bool measured = argc > 1 && std::string_view(argv[1]) == "--measured";
  kernel::LoadOptions options;
  options.verifier_statistics = true;
  for (const sluice_map map : {SLUICE_MAP_FLOWS4, SLUICE_MAP_FLOWS6, SLUICE_MAP_FRAGMENTS})
    if (!measured) options.max_entries[map] = kFlowEntries;
  const int64_t available = available_kib();
  const auto began = std::chrono::steady_clock::now();
  auto programs = kernel::load(options);
  const auto took = std::chrono::steady_clock::now() - began;
  if (!programs) {
    std::cerr << "guard_kernel_facts: " << programs.error().message() << "\n";
    return 1;
  }
  for (const sluice_direction direction : {SLUICE_EGRESS, SLUICE_INGRESS}) {
    const auto instructions = programs->verified_instructions(direction);
    if (!instructions) {
      std::cerr << "guard_kernel_facts: the verifier does not say how many instructions it walked through\n";
      return 1;
    }
    std::cout << "verified_instructions " << kernel::program_label(direction) << " " << *instructions << "\n";
  }
  if (!measured) return 0;
  std::cout << "load_ms all " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
            << "\nmap_kib accounted " << accounted_kib(*programs) << "\nmap_kib taken "
            << available - available_kib() << "\n";
  return 0;
}
