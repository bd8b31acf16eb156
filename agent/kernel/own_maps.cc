#include "agent/kernel/own_maps.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <vector>

#include "agent/base/sys_admin.h"
#include "agent/kernel/bpffs.h"

namespace sluice::kernel {

using base::Error;
using base::Result;
using base::Status;

Status OwnMaps::add(int map_fd) {
  bpf_map_info info{};
  uint32_t size = sizeof info;
  if (const int code = bpf_obj_get_info_by_fd(map_fd, &info, &size); code != 0)
    return Error::from_errno(-code, "inspect a map");
  ids_.insert(info.id);
  return base::done();
}

Status OwnMaps::add_pinned(const std::filesystem::path& pin_dir) {
  auto pins = pinned_maps(pin_dir);
  if (!pins) return pins.error();
  for (const auto& pin : *pins) {
    const base::Fd fd(bpf_obj_get(pin.c_str()));
    if (!fd.valid()) return Error::from_errno(errno, "open " + pin.string());
    if (auto added = add(fd.get()); !added) return added.within(pin.string());
  }
  return base::done();
}

Result<OwnMaps> OwnMaps::pinned_at(const std::filesystem::path& pin_dir) {
  OwnMaps maps;
  if (auto added = maps.add_pinned(pin_dir); !added) return added.error();
  return maps;
}

Result<OwnMaps> OwnMaps::of(const Programs& programs) {
  OwnMaps maps;
  for (uint32_t map = 0; map < SLUICE_FIRST_TABLE; ++map)
    if (auto added = maps.add(programs.map(static_cast<sluice_map>(map)).fd); !added) return added.error();
  if (programs.pin_dir())
    if (auto added = maps.add_pinned(*programs.pin_dir()); !added) return added.error();
  return maps;
}

// A descriptor or -1, and errno.
static int open_program(uint32_t id) {
  const base::RaisedSysAdmin raised;
  return bpf_prog_get_fd_by_id(id);
}

Result<bool> OwnMaps::used_by(uint32_t program_id) const {
  const base::Fd program(open_program(program_id));
  if (!program.valid() && errno == EPERM) return true;
  if (!program.valid() && errno == ENOENT) return false;  // gone meanwhile
  if (!program.valid()) return Error::from_errno(errno, "open program " + std::to_string(program_id));
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (const int code = bpf_obj_get_info_by_fd(program.get(), &info, &size); code != 0)
    return Error::from_errno(-code, "inspect program " + std::to_string(program_id));
  std::vector<uint32_t> used(info.nr_map_ids);
  info = {};
  info.nr_map_ids = static_cast<uint32_t>(used.size());
  info.map_ids = reinterpret_cast<uint64_t>(used.data());
  size = sizeof info;
  if (const int code = bpf_obj_get_info_by_fd(program.get(), &info, &size); code != 0)
    return Error::from_errno(-code, "inspect program " + std::to_string(program_id));
  return std::ranges::any_of(used, [this](uint32_t id) { return ids_.contains(id); });
}

}  // namespace sluice::kernel
