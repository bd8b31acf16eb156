#include "agent/base/threads.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>

#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace sluice::base {
namespace {

constexpr size_t kStack = 1UL << 20;  // bytes; nothing here recurses deeper than a message nests
// What gRPC's allocators map beside the threads; where they cannot they end the process.
constexpr size_t kBesideThreads = 4UL << 20;

bool can_map(size_t bytes) {
  void* const memory = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  ::munmap(memory, bytes);
  return true;
}

}  // namespace

void keep_threads_small() {
  ::mallopt(M_ARENA_MAX, 1);
  pthread_attr_t attributes;
  if (::pthread_getattr_default_np(&attributes) != 0) return;  // then they are as large as they were
  if (::pthread_attr_setstacksize(&attributes, kStack) == 0) ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

Status check_thread_room(unsigned more) {
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::vector<std::thread> threads;
  threads.reserve(more);
  Status room = done();
  try {
    while (threads.size() < more) threads.emplace_back([gone] { gone.wait(); });
  } catch (const std::system_error& failure) {
    room = Error(std::to_string(more) + " more threads are needed, and " + std::to_string(threads.size()) +
                 " can be started: " + failure.code().message() +
                 ": raise the limit of threads (TasksMax in the unit, pids.max of the control group, "
                 "`ulimit -u` in the shell) or of memory (`ulimit -v`)");
  }
  if (room && !can_map(kBesideThreads))
    room = Error("no memory is left beside " + std::to_string(more) +
                 " more threads: raise the limit of memory (`ulimit -v`)");
  go.set_value();
  for (std::thread& thread : threads) thread.join();
  return room;
}

}  // namespace sluice::base
