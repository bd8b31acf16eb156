#include "bench/wire/command.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::bench::wire {
namespace {

using base::Error;
using base::Fd;
using base::Result;
using base::Status;

Result<Fd> file_with(const std::string& text) {
  Fd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file.valid()) return Error::from_errno(errno, "memfd_create");
  for (size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::write(file.get(), text.data() + at, text.size() - at);
    if (wrote <= 0) return Error::from_errno(errno, "write the input");
    at += static_cast<size_t>(wrote);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string first_line_of(const Fd& file) {
  char text[512];
  const ssize_t got = ::pread(file.get(), text, sizeof(text), 0);
  const std::string all(text, got > 0 ? static_cast<size_t>(got) : 0);
  return all.substr(0, all.find('\n'));
}

// The child's standard streams, and signals as a program of its own expects them.
class SpawnSettings {
 public:
  SpawnSettings(int input, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// The exit status as waitpid() gives it.
Result<int> wait_for(pid_t child) {
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd ended{pidfd.get(), POLLIN, 0};
  const int deadline = static_cast<int>(std::chrono::milliseconds(kCommandDeadline).count());
  const bool in_time = pidfd.valid() && ::poll(&ended, 1, deadline) == 1;
  if (!in_time) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return Error::from_errno(errno, "waitpid");
  if (!in_time) return Error("did not end in time");
  return status;
}

Status spawn(const std::vector<std::string>& arguments, const std::string& input) {
  auto in = file_with(input);
  if (!in) return in.error();
  auto out = file_with("");
  if (!out) return out.error();
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const SpawnSettings settings(in->get(), out->get());
  pid_t child = 0;
  if (const int code =
          ::posix_spawnp(&child, argv[0], settings.actions(), settings.attributes(), argv.data(), environ);
      code != 0)
    return Error::from_errno(code, "run it (deploy/install-deps.sh bench installs it)");
  auto status = wait_for(child);
  if (!status) return status.error();
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) return Error("failed: " + first_line_of(*out));
  return base::done();
}

}  // namespace

Status run_command(const endpoint::Netns& netns, const std::vector<std::string>& arguments,
                   const std::string& input) {
  return endpoint::within(netns, [&] { return spawn(arguments, input); }).within(arguments.front());
}

}  // namespace sluice::bench::wire
