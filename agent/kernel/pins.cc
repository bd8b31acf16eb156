#include "agent/kernel/pins.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "agent/base/fd.h"

namespace sluice::kernel {
namespace {

using base::Error;
namespace fs = std::filesystem;

std::string shape_text(uint32_t type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags) {
  return "type " + std::to_string(type) + ", key " + std::to_string(key) + ", value " +
         std::to_string(value) + ", entries " + std::to_string(entries) + ", flags " + std::to_string(flags);
}

base::Status check_shape(const bpf_map* map, int fd, const fs::path& path) {
  bpf_map_info info{};
  uint32_t size = sizeof info;
  if (const int code = bpf_obj_get_info_by_fd(fd, &info, &size); code != 0) {
    return Error::from_errno(-code, "inspect " + path.string());
  }
  const std::string found =
      shape_text(info.type, info.key_size, info.value_size, info.max_entries, info.map_flags);
  const std::string wanted = shape_text(bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map),
                                        bpf_map__max_entries(map), bpf_map__map_flags(map));
  if (found == wanted) return base::done();
  return Error("reuse " + path.string() + ": a map of another shape is pinned there (" + found +
               "; needed: " + wanted + "); remove it by `sluiced --detach` or choose another --bpffs");
}

}  // namespace

base::Result<uint32_t> pinned_entries(const fs::path& path) {
  const base::Fd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) {
    if (errno == ENOENT) return 0U;
    return Error::from_errno(errno, "open " + path.string());
  }
  auto entries = entries_of(fd.get());
  if (!entries) return entries.error().within(path.string());
  return entries;
}

base::Result<uint32_t> entries_of(int map_fd) {
  bpf_map_info info{};
  uint32_t size = sizeof info;
  if (const int code = bpf_obj_get_info_by_fd(map_fd, &info, &size); code != 0)
    return Error::from_errno(-code, "inspect a map");
  return info.max_entries;
}

std::optional<uint64_t> memory_of(int map_fd) {
  std::ifstream facts("/proc/self/fdinfo/" + std::to_string(map_fd));
  uint64_t bytes = 0;
  for (std::string name; facts >> name;)
    if (name == "memlock:" && facts >> bytes) return bytes;
  return std::nullopt;
}

base::Status reuse_pinned(bpf_map* map, const fs::path& path) {
  const base::Fd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) {
    if (errno == ENOENT) return base::done();
    return Error::from_errno(errno, "open " + path.string());
  }
  if (auto fits = check_shape(map, fd.get(), path); !fits) return fits;
  if (const int code = bpf_map__reuse_fd(map, fd.get()); code != 0) {
    return Error::from_errno(-code, "reuse " + path.string());
  }
  return base::done();
}

base::Status pin_new(const bpf_map* map, const fs::path& path) {
  const int code = bpf_obj_pin(bpf_map__fd(map), path.c_str());
  if (code != 0 && code != -EEXIST) return Error::from_errno(-code, "pin " + path.string());
  return base::done();
}

base::Result<base::Fd> open_pinned(const fs::path& path) {
  base::Fd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) return Error::from_errno(errno, "open " + path.string());
  return fd;
}

base::Status replace_pin(int map_fd, const fs::path& path) {
  fs::path beside = path;
  beside += "_new";
  if (::unlink(beside.c_str()) != 0 && errno != ENOENT)
    return Error::from_errno(errno, "unpin " + beside.string());
  if (const int code = bpf_obj_pin(map_fd, beside.c_str()); code != 0)
    return Error::from_errno(-code, "pin " + beside.string());
  if (::rename(beside.c_str(), path.c_str()) != 0)
    return Error::from_errno(errno, "rename " + beside.string());
  return base::done();
}

base::Result<bool> keep_pin(int map_fd, const fs::path& path) {
  bpf_map_info ours{}, theirs{};
  uint32_t size = sizeof ours;
  if (const int code = bpf_obj_get_info_by_fd(map_fd, &ours, &size); code != 0)
    return Error::from_errno(-code, "inspect a map");
  const base::Fd pinned(bpf_obj_get(path.c_str()));
  size = sizeof theirs;
  if (pinned.valid() && bpf_obj_get_info_by_fd(pinned.get(), &theirs, &size) == 0 && theirs.id == ours.id)
    return false;
  if (auto replaced = replace_pin(map_fd, path); !replaced) return replaced.error();
  return true;
}

base::Status pin_program(int program_fd, const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Error::from_errno(errno, "unpin " + path.string());
  }
  if (const int code = bpf_obj_pin(program_fd, path.c_str()); code != 0) {
    return Error::from_errno(-code, "pin " + path.string());
  }
  return base::done();
}

}  // namespace sluice::kernel
