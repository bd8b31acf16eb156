#include "agent/apps/kubectl/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include "agent/base/excerpt.h"

namespace sluice::apps::kubectl {
namespace {

using base::Error;
using base::Result;

constexpr size_t kRead = 65536;

struct Pipe {
  base::Fd read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error::from_errno(errno, "make a pipe");
  return Pipe{base::Fd(ends[0]), base::Fd(ends[1])};
}

// What the child's descriptors are; and SIGPIPE, which this process may ignore, is as it was.
class Actions {
 public:
  Actions() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &pipe);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
  }
  ~Actions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  void put(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  void no_input() { ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0); }
  // posix_spawnp(3)
  int spawn(pid_t& pid, char** argv) const {
    return ::posix_spawnp(&pid, argv[0], &actions_, &attributes_, argv, environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Appends what is there; 0: it has ended.
Result<size_t> append(int fd, std::string& to) {
  std::array<char, kRead> bytes{};
  for (;;) {
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::from_errno(errno, "read what kubectl says");
    to.append(bytes.data(), static_cast<size_t>(got));
    return static_cast<size_t>(got);
  }
}

// Its last line that says something.
std::string last_line(const std::string& text) {
  std::string last;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (line.find_first_not_of(" \t\r") != line.npos && !is_remark(line)) last = line;
    at = end + 1;
  }
  return base::one_line(last);
}

}  // namespace

Result<bool> Lines::read(int fd, std::vector<std::string>& lines) {
  const auto got = append(fd, rest_);
  if (!got) return got.error();
  size_t begin = 0;
  for (size_t end = rest_.find('\n'); end != rest_.npos; end = rest_.find('\n', begin)) {
    lines.push_back(rest_.substr(begin, end - begin));
    begin = end + 1;
  }
  rest_.erase(0, begin);
  if (rest_.size() > kLongestLine)
    return Error("a line of more than " + std::to_string(kLongestLine) + " bytes: that is no sluicectl");
  if (*got > 0) return true;
  if (!rest_.empty()) lines.push_back(std::exchange(rest_, {}));
  return false;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)) {}

Child::~Child() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  output_.close();
  errors_.close();
  wait();
}

Result<Child> Child::start(const std::vector<std::string>& words, Spoken spoken, Asked asked) {
  Actions actions;
  Pipe output, errors;
  if (spoken == Spoken::kCaptured) {
    auto made = make_pipe();
    if (!made) return made.error();
    output = std::move(*made);
    actions.put(output.write.get(), STDOUT_FILENO);
  }
  if (asked == Asked::kNothing) {
    auto made = make_pipe();
    if (!made) return made.error();
    errors = std::move(*made);
    actions.put(errors.write.get(), STDERR_FILENO);
    actions.no_input();
  }
  std::vector<std::string> copy = words;
  std::vector<char*> argv(copy.size() + 1);  // the last one stays null
  std::ranges::transform(copy, argv.begin(), [](std::string& word) { return word.data(); });
  pid_t pid = -1;
  const int code = actions.spawn(pid, argv.data());
  if (code == ENOENT) return Error("no " + words[0] + " on PATH: install it");
  if (code != 0) return Error::from_errno(code, "start " + words[0]);
  return Child(pid, std::move(output.read), std::move(errors.read));
}

int Child::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

bool is_remark(const std::string& line) {
  return line.starts_with("command terminated with exit code ");
}

Result<std::string> output_of(const std::vector<std::string>& words) {
  auto child = Child::start(words, Spoken::kCaptured);
  if (!child) return child.error();
  std::string output, errors;
  std::array<pollfd, 2> polled = {{{child->output(), POLLIN, 0}, {child->errors(), POLLIN, 0}}};
  const std::array<std::string*, 2> texts = {&output, &errors};
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR)
      return Error::from_errno(errno, "poll");
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      const auto got = append(polled[i].fd, *texts[i]);
      if (!got) return got.error();
      if (*got == 0) polled[i].fd = -1;
      if (texts[i]->size() > kMostOutput)
        return Error(words[0] + " says more than fits: give --install-namespace");
    }
  }
  if (const int code = child->wait(); code != 0) {
    const std::string why = last_line(errors);
    return Error("kubectl: " + (why.empty() ? "exit " + std::to_string(code) : why));
  }
  return output;
}

Result<int> pass_through(const std::vector<std::string>& words, Asked asked) {
  auto child = Child::start(words, Spoken::kPassed, asked);
  if (!child) return child.error();
  Lines lines;
  for (bool more = child->errors() >= 0; more;) {
    std::vector<std::string> said;
    const auto read = lines.read(child->errors(), said);
    if (!read) return read.error();
    for (const std::string& line : said)
      if (!is_remark(line)) std::fprintf(stderr, "%s\n", base::one_line(line).c_str());
    more = *read;
  }
  return child->wait();
}

}  // namespace sluice::apps::kubectl
