#include "agent/kernel/attach/link_pins.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "agent/kernel/attach/tcx.h"
#include "agent/kernel/bpffs.h"

namespace sluice::kernel::attach {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Status;

Status unpin(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return Error::from_errno(errno, "unpin " + path.string());
  return base::done();
}

base::Result<base::Fd> open_pin(const fs::path& path) {
  base::Fd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid() && errno != ENOENT) return Error::from_errno(errno, "open " + path.string());
  return fd;
}

// Whether the link runs at that hook of the interface that has this number now.
base::Result<bool> sits_at(int link_fd, uint32_t ifindex, sluice_direction direction) {
  auto link = tcx_link(link_fd);
  if (!link) return link.error();
  if (link->ifindex != ifindex) return false;
  auto ids = tcx_link_ids(ifindex, direction);
  if (!ids) return ids.error().code() == ENODEV ? base::Result<bool>(false) : ids.error();
  return std::find(ids->begin(), ids->end(), link->id) != ids->end();
}

}  // namespace

fs::path link_path(const fs::path& pin_dir, uint32_t ifindex, sluice_direction direction) {
  return links_dir(pin_dir) / (std::to_string(ifindex) + "-" + program_label(direction));
}

base::Result<base::Fd> open_link(const fs::path& pin_dir, uint32_t ifindex, sluice_direction direction) {
  const fs::path path = link_path(pin_dir, ifindex, direction);
  auto fd = open_pin(path);
  if (!fd || !fd->valid()) return fd;
  auto sits = sits_at(fd->get(), ifindex, direction);
  if (!sits) return sits.within(path.string()).error();
  if (*sits) return fd;
  if (Status removed = unpin(path); !removed) return removed.error();
  return base::Fd();
}

Status remove_link(const fs::path& pin_dir, uint32_t ifindex, sluice_direction direction) {
  const fs::path path = link_path(pin_dir, ifindex, direction);
  auto fd = open_pin(path);
  if (!fd) return fd.error();
  if (!fd->valid()) return base::done();
  // Detached explicitly: after an unlink alone the kernel frees the link some time later.
  const int code = bpf_link_detach(fd->get());
  if (code != 0 && code != -ENOLINK) return Error::from_errno(-code, "detach " + path.string());
  return unpin(path);
}

base::Result<std::set<uint32_t>> pinned_interfaces(const fs::path& pin_dir) {
  std::error_code error;
  std::set<uint32_t> found;
  for (const auto& entry : fs::directory_iterator(links_dir(pin_dir), error)) {
    const std::string name = entry.path().filename();
    uint32_t ifindex = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), ifindex);
    if (parsed.ec == std::errc() && ifindex != 0) found.insert(ifindex);
  }
  if (error && error.value() != ENOENT) {
    return Error::from_errno(error.value(), "list " + links_dir(pin_dir).string());
  }
  return found;
}

}  // namespace sluice::kernel::attach
