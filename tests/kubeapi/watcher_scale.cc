// What a large cluster costs the watcher: a child process serves N pods over TLS and plays the agent, this
// one watches until the snapshot is told. Prints CPU seconds of the watcher alone and its resident size at
// rest. usage: watcher_scale [pods, default 100000] [json|protobuf]
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/kubeapi/invented.h"
#include "tests/kubeapi/stack.h"

namespace sluice::kubeapi {
namespace {

using model::Kind;

// Serves until its parent ends; writes its port to `ready`.
[[noreturn]] void serve(const Folder& folder, int pods, int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  World world;
  std::mt19937 random(1);
  for (int number = 0; number < pods; ++number) world.put(Kind::kPod, invent_large_pod(number));
  for (const Kind kind :
       {Kind::kNamespace, Kind::kNode, Kind::kService, Kind::kEndpointSlice, Kind::kNetworkPolicy})
    for (int number = 0; number < pods / 100; ++number) world.put(kind, invent(kind, number, random));
  AgentDouble agent(folder.file("agent.sock"));
  agent.start();
  const ApiDouble api(world, pki());
  const uint16_t port = api.port();
  if (::write(ready, &port, sizeof port) != sizeof port) std::_Exit(1);
  while (true) ::pause();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib(const char* line) {
  std::ifstream status("/proc/self/status");
  for (std::string text; std::getline(status, text);)
    if (text.starts_with(line)) return std::stod(text.substr(text.find(':') + 1)) / 1024;
  return 0;
}

int measure(const Folder& folder, uint16_t port, bool protobuf) {
  const double before = cpu_seconds();
  boost::asio::io_context loop(1);
  source::kube::ApiServer server;
  server.host = "127.0.0.1";
  server.port = std::to_string(port);
  server.ca.data = pki().ca;
  const base::Log log(base::LogFormat::kText, base::LogLevel::warn);
  watcher::WatcherOptions options;
  options.version = "scale";
  options.socket = folder.file("agent.sock");
  options.following.protobuf = protobuf;
  watcher::Watcher watcher(loop, server, std::move(options), log);
  watcher.start();
  constexpr std::chrono::minutes kLongest{5};
  const auto begin = std::chrono::steady_clock::now();
  while (!watcher.not_ready().empty() && std::chrono::steady_clock::now() - begin < kLongest)
    loop.run_for(std::chrono::milliseconds(20));
  if (const std::string why = watcher.not_ready(); !why.empty()) {
    std::fprintf(stderr, "watcher_scale: %s\n", why.c_str());
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const double used = cpu_seconds() - before;
  loop.run_for(std::chrono::seconds(2));
  std::printf("encoding=%s seconds=%.2f cpu_seconds=%.2f resident_mib=%.1f peak_mib=%.1f\n",
              protobuf ? "protobuf" : "json", took.count(), used, resident_mib("VmRSS"),
              resident_mib("VmHWM"));
  return 0;
}

}  // namespace
}  // namespace sluice::kubeapi

int main(int argc, char** argv) {
  using namespace sluice::kubeapi;
  const int pods = argc > 1 ? std::atoi(argv[1]) : 100'000;
  if (pods <= 0) {
    std::fputs("usage: watcher_scale [pods, default 100000] [json|protobuf]\n", stderr);
    return 2;
  }
  const bool protobuf = argc <= 2 || std::string_view(argv[2]) == "protobuf";
  const Folder folder;
  pki();
  int ready[2] = {};
  if (::pipe(ready) != 0) return 1;
  const pid_t child = ::fork();
  if (child == 0) serve(folder, pods, ready[1]);
  uint16_t port = 0;
  const bool up = child > 0 && ::read(ready[0], &port, sizeof port) == sizeof port;
  const int result = up ? measure(folder, port, protobuf) : 1;
  if (child > 0) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  return result;
}
