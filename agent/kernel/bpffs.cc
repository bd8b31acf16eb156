#include "agent/kernel/bpffs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sluice::kernel {
namespace {

namespace fs = std::filesystem;
using base::Error;

const fs::path kUsualMount = "/sys/fs/bpf";

bool lies_in(const fs::path& path, unsigned long magic) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && static_cast<unsigned long>(info.f_type) == magic;
}

bool is_bpffs(const fs::path& path) {
  return lies_in(path, BPF_FS_MAGIC);
}

fs::path nearest_existing(fs::path path) {
  std::error_code ignored;
  while (path.has_relative_path() && !fs::exists(path, ignored)) path = path.parent_path();
  return path;
}

bool below(const fs::path& path, const fs::path& ancestor) {
  return std::mismatch(ancestor.begin(), ancestor.end(), path.begin(), path.end()).first == ancestor.end();
}

// The usual place, and nothing is mounted there yet.
bool can_be_mounted(const fs::path& dir) {
  return below(dir, kUsualMount) && lies_in(kUsualMount, SYSFS_MAGIC);
}

base::Status make_dir(const fs::path& dir) {
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error::from_errno(errno, "mkdir " + dir.string());
  }
  return base::done();
}

std::string version_name(int version) {
  return "v" + std::to_string(version);
}

bool is_version_name(const std::string& name) {
  return name.size() > 1 && name[0] == 'v' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

base::Status remove_folder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) return Error::from_errno(error.value(), "remove " + folder.string());
  return base::done();
}

base::Result<std::vector<std::string>> version_names(const fs::path& dir) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    if (is_version_name(entry.path().filename())) names.push_back(entry.path().filename());
  }
  if (error && error.value() != ENOENT) return Error::from_errno(error.value(), "list " + dir.string());
  return names;
}

}  // namespace

fs::path maps_dir(const fs::path& dir) {
  return dir / version_name(SLUICE_LAYOUT_VERSION);
}
fs::path programs_dir(const fs::path& dir) {
  return dir / "programs";
}
fs::path links_dir(const fs::path& dir) {
  return dir / "links";
}

const char* program_label(sluice_direction direction) {
  return direction == SLUICE_EGRESS ? "from_pod" : "to_pod";
}

base::Result<std::vector<fs::path>> pinned_maps(const fs::path& dir) {
  auto names = version_names(dir);
  if (!names) return names.error();
  std::vector<fs::path> pins;
  for (const auto& name : *names) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(dir / name, error)) pins.push_back(entry.path());
    if (error) return Error::from_errno(error.value(), "list " + (dir / name).string());
  }
  return pins;
}

base::Status check_bpffs(const fs::path& given) {
  const fs::path dir = fs::absolute(given).lexically_normal();
  const fs::path place = nearest_existing(dir);
  if (is_bpffs(place) || can_be_mounted(dir)) return base::done();
  return Error("bpffs " + dir.string() + ": " + place.string() +
               " is in no BPF file system; mount one by `mount -t bpf bpf /sys/fs/bpf` and choose a "
               "directory in it");
}

bool lies_in_bpffs(const fs::path& dir) {
  return is_bpffs(nearest_existing(fs::absolute(dir).lexically_normal()));
}

base::Status ensure_bpffs(const fs::path& given) {
  const fs::path dir = fs::absolute(given).lexically_normal();
  if (auto usable = check_bpffs(dir); !usable) return usable;
  if (!is_bpffs(nearest_existing(dir)) &&
      ::mount("bpf", kUsualMount.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0) {
    return Error::from_errno(errno, "bpffs " + dir.string() + ": mount it by `mount -t bpf bpf /sys/fs/bpf`");
  }
  std::vector<fs::path> missing = {maps_dir(dir), programs_dir(dir), links_dir(dir)};
  std::error_code unreadable;
  for (fs::path path = dir; !fs::exists(path, unreadable); path = path.parent_path())
    missing.insert(missing.begin(), path);
  for (const auto& path : missing) {
    if (auto made = make_dir(path); !made) return made;
  }
  return base::done();
}

base::Result<base::Fd> lock_bpffs(const fs::path& dir) {
  base::Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Error::from_errno(errno, "open " + dir.string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK) {
    return Error("bpffs " + dir.string() +
                 ": another sluiced is using it; stop that one first or choose another --bpffs");
  }
  return Error::from_errno(errno, "lock " + dir.string());
}

base::Result<base::Fd> lock_bpffs_soon(const fs::path& dir) {
  constexpr int kTries = 50, kPauseMilliseconds = 10;
  for (int tries = 1;; ++tries) {
    auto lock = lock_bpffs(dir);
    if (lock || tries == kTries) return lock;
    (void)::poll(nullptr, 0, kPauseMilliseconds);
  }
}

base::Result<size_t> remove_other_versions(const fs::path& dir) {
  auto names = version_names(dir);
  if (!names) return names.error();
  size_t removed_versions = 0;
  for (const auto& name : *names) {
    if (name == version_name(SLUICE_LAYOUT_VERSION)) continue;
    if (auto removed = remove_folder(dir / name); !removed) return removed.error();
    ++removed_versions;
  }
  return removed_versions;
}

base::Status remove_pins(const fs::path& dir) {
  auto names = version_names(dir);
  if (!names) return names.error();
  std::vector<fs::path> folders = {links_dir(dir), programs_dir(dir)};
  for (const auto& name : *names) folders.push_back(dir / name);
  for (const auto& folder : folders) {
    if (auto removed = remove_folder(folder); !removed) return removed;
  }
  if (::rmdir(dir.c_str()) != 0 && errno != ENOENT && errno != EBUSY && errno != ENOTEMPTY) {
    return Error::from_errno(errno, "rmdir " + dir.string());
  }
  return base::done();
}

}  // namespace sluice::kernel
