#include "agent/kernel/attach/attach.h"

#include <bpf/bpf.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <memory>

#include "agent/kernel/attach/clsact.h"
#include "agent/kernel/attach/link_pins.h"
#include "agent/kernel/attach/tc_dump.h"
#include "agent/kernel/attach/tcx.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/log/libbpf_log.h"

namespace sluice::kernel::attach {
namespace {

using base::Error;
using base::Status;

constexpr std::array<std::pair<const char*, AttachMode>, 3> kModes = {
    {{"auto", AttachMode::kAuto}, {"tcx", AttachMode::kTcx}, {"clsact", AttachMode::kClsact}}};

std::string ifname_of(uint32_t ifindex) {
  char name[IF_NAMESIZE] = "";
  return ::if_indextoname(ifindex, name) != nullptr ? name : "";
}

std::string describe(uint32_t ifindex) {
  const std::string name = ifname_of(ifindex);
  return "interface " + (name.empty() ? "" : name + " ") + "(" + std::to_string(ifindex) + ")";
}

base::Result<std::vector<uint32_t>> all_interfaces() {
  struct Free {
    void operator()(struct if_nameindex* list) const { ::if_freenameindex(list); }
  };
  const std::unique_ptr<struct if_nameindex, Free> list(::if_nameindex());
  if (!list) return Error::from_errno(errno, "list interfaces");
  std::vector<uint32_t> found;
  for (const auto* entry = list.get(); entry->if_index != 0; ++entry) found.push_back(entry->if_index);
  return found;
}

Status update_link(int link_fd, int program_fd) {
  if (const int code = bpf_link_update(link_fd, program_fd, nullptr); code != 0) {
    return Error::from_errno(-code, "update tcx link");
  }
  return base::done();
}

base::Result<uint32_t> program_id(int program_fd) {
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (const int code = bpf_obj_get_info_by_fd(program_fd, &info, &size); code != 0)
    return Error::from_errno(-code, "inspect a program");
  return info.id;
}

Status remove_links(const std::filesystem::path& pin_dir, uint32_t ifindex) {
  for (const auto direction : kDirections) {
    if (Status removed = remove_link(pin_dir, ifindex, direction); !removed) return removed;
  }
  return base::done();
}

Status sweep_stale_links(const std::filesystem::path& pin_dir) {
  auto pinned = pinned_interfaces(pin_dir);
  if (!pinned) return pinned.error();
  for (const uint32_t ifindex : *pinned) {
    for (const auto direction : kDirections) {
      if (auto link = open_link(pin_dir, ifindex, direction); !link) return link.error();
    }
  }
  return base::done();
}

base::Result<bool> tcx_attached(const std::filesystem::path& pin_dir, uint32_t ifindex) {
  for (const auto direction : kDirections) {
    auto link = open_link(pin_dir, ifindex, direction);
    if (!link) return link.error();
    if (!link->valid()) return false;
  }
  return true;
}

}  // namespace

const char* to_text(AttachMode mode) {
  for (const auto& [name, value] : kModes) {
    if (value == mode) return name;
  }
  return "";
}

base::Result<AttachMode> parse_attach_mode(const std::string& text) {
  for (const auto& [name, value] : kModes) {
    if (text == name) return value;
  }
  return Error("attach mode " + text + ": choose auto, tcx or clsact");
}

base::Result<Attacher> Attacher::create(const Programs& programs, AttachMode mode) {
  if (mode == AttachMode::kTcx && !tcx_supported()) {
    return Error("attach mode tcx: this kernel has no TCX (Linux 6.6); choose auto or clsact");
  }
  if (mode == AttachMode::kAuto) mode = tcx_supported() ? AttachMode::kTcx : AttachMode::kClsact;
  if (programs.pin_dir()) {
    if (Status swept = sweep_stale_links(*programs.pin_dir()); !swept) return swept.error();
  }
  auto own = OwnMaps::of(programs);
  if (!own) return own.error();
  Attacher attacher(programs, mode, std::move(*own));
  attacher.tcx_ = tcx_supported();
  for (const auto direction : kDirections) {
    auto id = program_id(programs.program_fd(direction));
    if (!id) return id.error();
    attacher.program_ids_.at(direction) = *id;
  }
  return attacher;
}

Status Attacher::pin_link(uint32_t ifindex, sluice_direction direction, base::Fd link) {
  const auto path = link_path(*programs_->pin_dir(), ifindex, direction);
  const int code = bpf_obj_pin(link.get(), path.c_str());
  if (code == 0) return base::done();
  private_links_[std::pair(ifindex, static_cast<int>(direction))] = std::move(link);
  return Error::from_errno(-code, "pin " + path.string());
}

Status Attacher::attach_tcx(uint32_t ifindex, sluice_direction direction) {
  const int program_fd = programs_->program_fd(direction);
  const auto& pin_dir = programs_->pin_dir();
  const auto key = std::pair(ifindex, static_cast<int>(direction));
  if (pin_dir) {
    auto pinned = open_link(*pin_dir, ifindex, direction);
    if (!pinned) return pinned.error();
    if (pinned->valid()) return update_link(pinned->get(), program_fd);
  }
  if (const auto held = private_links_.find(key); held != private_links_.end()) {
    base::Fd link = std::move(held->second);
    private_links_.erase(held);
    if (update_link(link.get(), program_fd)) {
      if (pin_dir) return pin_link(ifindex, direction, std::move(link));
      private_links_[key] = std::move(link);
      return base::done();
    }  // else the interface went away and its number came back
  }
  auto link = tcx_link_of(ifindex, direction, program_ids_.at(direction));  // its pin alone may be gone
  if (link && !link->valid()) link = tcx_attach(ifindex, direction, program_fd);
  if (!link) return link.error();
  if (pin_dir) return pin_link(ifindex, direction, std::move(*link));
  private_links_[key] = std::move(*link);
  return base::done();
}

Status Attacher::attach(uint32_t ifindex) {
  const std::string context = "attach " + describe(ifindex);
  if (mode_ == AttachMode::kClsact) {
    const std::array<int, 2> fds = {programs_->program_fd(SLUICE_INGRESS),
                                    programs_->program_fd(SLUICE_EGRESS)};
    if (Status attached = clsact_attach(ifindex, fds); !attached) return attached.within(context);
    return detach_tcx(ifindex).within(context);  // links of an agent that ran in the other mode
  }
  for (const auto direction : kDirections) {
    if (Status attached = attach_tcx(ifindex, direction); !attached) return attached.within(context);
  }
  return clsact_detach(ifindex, own_).within(context);
}

Status Attacher::detach_tcx(uint32_t ifindex) {
  for (const auto direction : kDirections)
    private_links_.erase(std::pair(ifindex, static_cast<int>(direction)));
  return programs_->pin_dir() ? remove_links(*programs_->pin_dir(), ifindex) : base::done();
}

Status Attacher::detach(uint32_t ifindex) {
  const std::string context = "detach " + describe(ifindex);
  if (Status detached = detach_tcx(ifindex); !detached) return detached.within(context);
  return clsact_detach(ifindex, own_).within(context);
}

base::Result<std::optional<size_t>> Attacher::others_first(uint32_t ifindex) const {
  size_t most = 0;
  for (const auto direction : kDirections) {
    auto there = programs_at(ifindex, direction);
    if (there) {
      const auto ours = std::ranges::find(*there, program_ids_.at(direction));
      most = std::max(most, static_cast<size_t>(ours - there->begin()));
      if (ours != there->end()) continue;
    }
    if (ifname_of(ifindex).empty()) return std::optional<size_t>(0);
    if (!there) return there.error();
    return std::optional<size_t>();
  }
  return std::optional(most);
}

base::Result<std::vector<uint32_t>> Attacher::programs_at(uint32_t ifindex,
                                                          sluice_direction direction) const {
  auto linked = tcx_ ? tcx_programs(ifindex, direction) : std::vector<uint32_t>();  // before any filter
  if (mode_ == AttachMode::kTcx || !linked) return linked;
  auto filters = tc_filters(ifindex, direction);
  if (!filters) return filters.error();
  std::vector<uint32_t> ids = std::move(*linked);
  for (const TcFilter& filter : *filters) ids.push_back(filter.program_id);
  return ids;
}

base::Result<std::vector<Attachment>> Attacher::attached() const {
  auto interfaces = all_interfaces();
  if (!interfaces) return interfaces.error();
  std::vector<Attachment> found;
  for (const uint32_t ifindex : *interfaces) {
    const bool held = private_links_.contains({ifindex, SLUICE_INGRESS}) &&
                      private_links_.contains({ifindex, SLUICE_EGRESS});
    auto linked =
        programs_->pin_dir() ? tcx_attached(*programs_->pin_dir(), ifindex) : base::Result<bool>(held);
    if (!linked) return linked.error();
    auto filtered = clsact_attached(ifindex, own_);
    if (!filtered) return filtered.error();
    if (!*linked && !*filtered) continue;
    found.push_back({ifindex, ifname_of(ifindex), *linked ? AttachMode::kTcx : AttachMode::kClsact});
  }
  return found;
}

Status detach_all(const std::filesystem::path& pin_dir) {
  log::route_libbpf_log();
  if (auto usable = check_bpffs(pin_dir); !usable) return usable;  // never remove folders of anything else
  base::Fd lock;
  std::error_code unreadable;
  if (std::filesystem::exists(pin_dir, unreadable)) {
    auto locked = lock_bpffs(pin_dir);
    if (!locked) return locked.error();
    lock = std::move(*locked);
  }
  auto pinned = pinned_interfaces(pin_dir);
  if (!pinned) return pinned.error();
  for (const uint32_t ifindex : *pinned) {
    if (Status removed = remove_links(pin_dir, ifindex); !removed) return removed;
  }
  auto own = OwnMaps::pinned_at(pin_dir);
  if (!own) return own.error();
  auto interfaces = all_interfaces();
  if (!interfaces) return interfaces.error();
  for (const uint32_t ifindex : *interfaces) {
    if (Status detached = clsact_detach(ifindex, *own); !detached)
      return detached.within("detach " + describe(ifindex));
  }
  return remove_pins(pin_dir);
}

}  // namespace sluice::kernel::attach
