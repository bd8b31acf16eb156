#include "agent/lab/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace sluice::lab {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr char kFile[] = "journal";
constexpr off_t kLongestFile = 64 << 20;  // a sane bound: some hundred thousand steps

struct VerbName {
  Verb verb;
  std::string_view name;
};
constexpr VerbName kVerbs[] = {
    {Verb::kOutside, "outside"},     {Verb::kNetnsDir, "netns-dir"},
    {Verb::kDirectory, "directory"}, {Verb::kMountPoint, "mount-point"},
    {Verb::kSysctl, "sysctl"},       {Verb::kLink, "link"},
    {Verb::kNetns, "netns"},         {Verb::kNetnsIs, "netns-is"},
    {Verb::kNotMade, "not-made"},
};

// A subject that is a name goes below a directory and into interface requests: it must not lead elsewhere.
bool is_sound(const Step& step) {
  if (step.subject.empty() || (step.subject + step.detail).find_first_of(" \t\n") != std::string::npos)
    return false;
  switch (step.verb) {
    case Verb::kNetnsDir:
    case Verb::kDirectory:
    case Verb::kMountPoint:
      return step.subject[0] == '/';
    case Verb::kSysctl:
      return step.subject.starts_with("net/") && step.subject.find("/../") == std::string::npos;
    case Verb::kOutside:
    case Verb::kLink:
    case Verb::kNetns:
    case Verb::kNetnsIs:
    case Verb::kNotMade:
      return step.subject.find('/') == std::string::npos && step.subject[0] != '.';
  }
  return false;
}

// The state directory, open and locked. Made where it is missing, if `make` says so; invalid where it is
// missing.
Result<base::Fd> hold(const std::string& dir, bool make) {
  if (make && ::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST)
    return Error::from_errno(errno, "make " + dir);
  base::Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return base::Fd();
  if (!fd.valid()) return Error::from_errno(errno, "open " + dir);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return Error::from_errno(errno, "stat " + dir);
  if (st.st_uid != ::geteuid() || (st.st_mode & 022) != 0)
    return Error(dir + " belongs to somebody else or others may write to it; remove it");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? Error("another lab command is running in " + dir + "; wait for it")
                                : Error::from_errno(errno, "lock " + dir);
  return fd;
}

Result<std::string> whole_text(int fd, const std::string& path) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return Error::from_errno(errno, "stat " + path);
  if (st.st_size > kLongestFile) return Error(path + " is too long to be a lab's journal; remove it");
  std::string text(static_cast<size_t>(st.st_size), '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  if (got < 0) return Error::from_errno(errno, "read " + path);
  text.resize(static_cast<size_t>(got));
  return text;
}

Result<std::vector<Step>> steps_in(int fd, const std::string& path) {
  auto text = whole_text(fd, path);
  if (!text) return text.error();
  std::vector<Step> steps;
  for (size_t at = 0, end = 0; (end = text->find('\n', at)) != std::string::npos; at = end + 1) {
    auto step = parse_step(text->substr(at, end - at));
    if (!step) return step.error().within(path + " line " + std::to_string(steps.size() + 1));
    steps.push_back(std::move(*step));
  }
  return steps;
}

}  // namespace

std::string to_text(const Step& step) {
  const auto* name = std::ranges::find(kVerbs, step.verb, &VerbName::verb);
  return std::string(name->name) + " " + step.subject + (step.detail.empty() ? "" : " " + step.detail);
}

Result<Step> parse_step(const std::string& line) {
  const size_t first = line.find(' '),
               second = first == std::string::npos ? first : line.find(' ', first + 1);
  const auto* name = std::ranges::find(kVerbs, std::string_view(line).substr(0, first), &VerbName::name);
  if (first == std::string::npos || name == std::end(kVerbs))
    return Error("\"" + line + "\" is no step of a lab");
  Step step{name->verb, line.substr(first + 1, second == std::string::npos ? second : second - first - 1),
            second == std::string::npos ? "" : line.substr(second + 1)};
  if (!is_sound(step)) return Error("\"" + line + "\" is no step of a lab");
  return step;
}

Result<Journal> Journal::begin(const std::string& state_dir) {
  auto lock = hold(state_dir, true);
  if (!lock) return lock.error();
  base::Fd file(
      ::openat(lock->get(), kFile, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid() && errno == EEXIST) return Error("a lab is already up: run \"sluicectl lab down\" first");
  if (!file.valid()) return Error::from_errno(errno, "make " + state_dir + "/" + kFile);
  return Journal(state_dir, std::move(*lock), std::move(file), {});
}

Result<std::optional<Journal>> Journal::resume(const std::string& state_dir) {
  auto lock = hold(state_dir, false);
  if (!lock) return lock.error();
  if (!lock->valid()) return std::optional<Journal>();
  base::Fd file(::openat(lock->get(), kFile, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT) {
    ::rmdir(state_dir.c_str());  // of a begin that was killed before its file; stays where something is in it
    return std::optional<Journal>();
  }
  const std::string path = state_dir + "/" + kFile;
  if (!file.valid()) return Error::from_errno(errno, "open " + path);
  auto steps = steps_in(file.get(), path);
  if (!steps) return steps.error();
  return std::optional<Journal>(Journal(state_dir, std::move(*lock), std::move(file), std::move(*steps)));
}

Status Journal::record(Step step) {
  if (!is_sound(step)) return Error("journal: \"" + to_text(step) + "\" has blanks or leads elsewhere");
  const std::string line = to_text(step) + "\n";
  const ssize_t written = ::write(file_.get(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()))
    return Error::from_errno(written < 0 ? errno : ENOSPC, "write " + dir_ + "/" + kFile);
  steps_.push_back(std::move(step));
  return base::done();
}

Status Journal::finish() {
  if (::unlinkat(lock_.get(), kFile, 0) != 0 && errno != ENOENT)
    return Error::from_errno(errno, "remove " + dir_ + "/" + kFile);
  ::rmdir(dir_.c_str());  // stays where something else is in it
  return base::done();
}

Result<std::vector<Step>> read_steps(const std::string& state_dir) {
  const std::string path = state_dir + "/" + kFile;
  base::Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT) return std::vector<Step>();
  if (!file.valid()) return Error::from_errno(errno, "open " + path);
  return steps_in(file.get(), path);
}

}  // namespace sluice::lab
