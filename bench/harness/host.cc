#include "bench/harness/host.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>

#include "agent/kernel/hz.h"
#include "sluice_source_dir.h"

namespace sluice::bench {
namespace {

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

bool jit_is_on() {
  int on = 0;
  std::ifstream("/proc/sys/net/core/bpf_jit_enable") >> on;
  return on != 0;
}

std::string source_commit() {
  const std::string command =
      "git -C '" SLUICE_SOURCE_DIR "' describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::array<char, 128> line{};
  if (!pipe || !std::fgets(line.data(), line.size(), pipe.get())) return "unknown";
  std::string text(line.data());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "unknown" : text;
}

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace

base::Result<Host> this_host() {
  utsname system{};
  if (::uname(&system) != 0) return base::Error::from_errno(errno, "uname");
  auto hz = kernel::jiffies_per_second();
  if (!hz) return hz.error();
  Host host;
  host.cpu = cpu_model();
  host.cores = static_cast<unsigned>(::get_nprocs());
  host.memory_bytes =
      static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  host.kernel = system.release;
  host.jit = jit_is_on();
  host.hz = *hz;
  host.commit = source_commit();
  host.compiler = SLUICE_COMPILER;
  host.date = now_utc();
  return host;
}

}  // namespace sluice::bench
