#include "agent/source/folder/folder_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "agent/base/fd.h"

namespace sluice::source::folder {
namespace {

using base::Error;
using base::Result;

constexpr int kMaxLinkSteps = 40;  // as the kernel (path_resolution(7))

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Records, for every symbolic link on the way of `path`, the directory in which it stands and its name, and
// at the end the place of the file itself.
void add_link_steps(std::string path, FolderListing& listing) {
  size_t at = path.starts_with('/') ? 1 : 0;
  for (int steps = 0; at <= path.size() && steps < kMaxLinkSteps;) {
    size_t end = std::min(path.find('/', at), path.size());
    std::string head = path.substr(0, end), name = path.substr(at, end - at), rest = path.substr(end);
    char target[PATH_MAX];
    ssize_t size = name.empty() ? -1 : readlink(head.c_str(), target, sizeof(target));
    if (size <= 0) {
      at = end + 1;
      continue;
    }
    ++steps;
    std::string home = directory_of(head);
    listing.link_steps[home].insert(name);
    std::string to(target, static_cast<size_t>(size));
    path = (to.starts_with('/') ? to : home + "/" + to) + rest;
    at = to.starts_with('/') ? 1 : home.size() + (home == "/" ? 0 : 1);
  }
  size_t slash = path.rfind('/');
  listing.link_steps[directory_of(path)].insert(slash == path.npos ? path : path.substr(slash + 1));
}

class Walk {
 public:
  explicit Walk(FolderListing& listing) : listing_(listing) {}

  base::Status directory(const std::string& path) {
    base::Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status {};
    if (!fd.valid() && errno == ENOTDIR) return Error("is a file: give the folder that holds it");
    if (!fd.valid() || fstat(fd.get(), &status) != 0)
      return Error::from_errno(errno, "cannot read the directory");
    if (!seen_.insert({status.st_dev, status.st_ino}).second) return base::done();
    auto names = names_in(std::move(fd));
    if (!names) return names.error();
    listing_.directories.push_back(path);
    for (const std::string& name : *names) entry(path, name);
    return base::done();
  }

 private:
  static Result<std::vector<std::string>> names_in(base::Fd fd) {
    std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(fd.get()), closedir);
    if (!stream) return Error::from_errno(errno, "cannot read the directory");
    fd.release();  // the stream closes it
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* found = readdir(stream.get())) names.emplace_back(found->d_name);
    if (errno != 0) return Error::from_errno(errno, "cannot read the directory");
    std::sort(names.begin(), names.end());
    return names;
  }

  void entry(const std::string& directory_path, const std::string& name) {
    if (name.starts_with('.')) return;
    std::string path = directory_path.ends_with('/') ? directory_path + name : directory_path + "/" + name;
    struct stat own {
    }, status{};
    if (lstat(path.c_str(), &own) != 0) return;  // gone since it was listed
    bool link = S_ISLNK(own.st_mode);
    if (!link && !S_ISDIR(own.st_mode) && !is_manifest_name(name)) return;
    if (link) add_link_steps(path, listing_);
    if (stat(path.c_str(), &status) != 0) {
      if (is_manifest_name(name)) refuse(path, Error::from_errno(errno, "cannot be read"));
      return;
    }
    if (S_ISDIR(status.st_mode)) {
      if (auto done = directory(path); !done.ok()) refuse(path, done.error());
      return;
    }
    if (!is_manifest_name(name)) return;
    if (!S_ISREG(status.st_mode)) return refuse(path, Error("is no regular file: remove it from the folder"));
    listing_.files.emplace(path, FileStamp::of(status));
  }

  void refuse(const std::string& path, const Error& error) {
    listing_.problems.push_back({{path, 0, 0}, std::nullopt, "", error.message()});
    listing_.unreadable.push_back(path);
  }

  FolderListing& listing_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

FileStamp FileStamp::of(const struct stat& status) {
  auto nanoseconds = [](const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  return {status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size), nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

bool is_manifest_name(std::string_view name) {
  if (name.starts_with('.')) return false;
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

Result<FolderListing> list_folder(const std::string& folder) {
  FolderListing listing;
  size_t end = folder.find_last_not_of('/');
  add_link_steps(folder.substr(0, end == folder.npos ? 1 : end + 1), listing);
  auto walked = Walk(listing).directory(folder);
  if (!walked.ok()) return walked.error().within(folder);
  return listing;
}

}  // namespace sluice::source::folder
