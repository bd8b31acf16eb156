#include "agent/apps/ctl/read_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <memory>

namespace sluice::apps::ctl {

base::Result<std::string> read_file(const std::string& path, size_t most) {
  struct stat status {};
  if (path != "-" && stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
    return base::Error(path + ": is a folder: give a file");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
      path == "-" ? nullptr : std::fopen(path.c_str(), "rbe"),
      [](std::FILE* file) { return file ? std::fclose(file) : 0; });
  std::FILE* file = path == "-" ? stdin : opened.get();
  if (file == nullptr) return base::Error::from_errno(errno, path);
  std::string bytes;
  char part[1 << 16];
  while (const size_t count = std::fread(part, 1, sizeof part, file)) {
    bytes.append(part, count);
    if (bytes.size() > most)
      return base::Error(path + ": is larger than " + std::to_string(most >> 20) + " MiB: divide it");
  }
  if (std::ferror(file) != 0) return base::Error::from_errno(errno, path);
  return bytes;
}

}  // namespace sluice::apps::ctl
