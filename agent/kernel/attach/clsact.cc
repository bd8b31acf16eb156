#include "agent/kernel/attach/clsact.h"

#include <bpf/libbpf.h>
#include <linux/pkt_sched.h>

#include <algorithm>
#include <string>
#include <vector>

#include "agent/kernel/attach/set_aside.h"
#include "agent/kernel/attach/tc_dump.h"

namespace sluice::kernel::attach {
namespace {

using base::Error;
using base::Status;

constexpr uint32_t kPriority = 1;
// The handle says whether the qdisc was there before us.
constexpr uint32_t kHandleInFoundQdisc = 0x51;
constexpr uint32_t kHandleInMadeQdisc = 0x52;

using Filters = std::array<std::vector<TcFilter>, 2>;  // by sluice_direction

bool has_our_name(const TcFilter& filter) {
  return filter.kind == "bpf" && filter.name.starts_with("sluice_");
}

bpf_tc_hook hook_at(uint32_t ifindex, bpf_tc_attach_point point) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(ifindex);
  hook.attach_point = point;
  return hook;
}

// The pod's egress is what the host side receives.
bpf_tc_attach_point point_of(sluice_direction direction) {
  return direction == SLUICE_EGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

bpf_tc_hook both_hooks(uint32_t ifindex) {
  return hook_at(ifindex, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
}

base::Result<Filters> filters_of(uint32_t ifindex) {
  Filters filters;
  for (const auto direction : kDirections) {
    auto found = tc_filters(ifindex, direction);
    if (!found) return found.error();
    filters[direction] = std::move(*found);
  }
  return filters;
}

bool in_made_qdisc(const Filters& filters) {
  const auto says_made = [](const TcFilter& filter) {
    return has_our_name(filter) && filter.handle == kHandleInMadeQdisc;
  };
  return std::any_of(filters.begin(), filters.end(),
                     [&](const auto& list) { return std::any_of(list.begin(), list.end(), says_made); });
}

uint32_t parent_of(sluice_direction direction) {
  return TC_H_MAKE(TC_H_CLSACT, direction == SLUICE_EGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

Status make_qdisc(uint32_t ifindex) {
  bpf_tc_hook hook = both_hooks(ifindex);
  const int code = bpf_tc_hook_create(&hook);
  return code == 0 ? base::done() : Status(Error::from_errno(-code, "make clsact"));
}

// Where our filters go: the clsact qdisc, and what others had at each hook in the place that must be ours.
struct Room {
  uint32_t handle = kHandleInFoundQdisc;  // for our filters
  std::array<std::vector<SetAside>, 2> aside;
};

// An `ingress` qdisc has clsact's place, and its filters are what clsact has at one of its two hooks.
base::Result<Room> replace_ingress_qdisc(uint32_t ifindex) {
  Room room{kHandleInMadeQdisc, {}};
  auto aside = read_aside(ifindex, parent_of(SLUICE_EGRESS), std::nullopt);
  if (!aside) return aside.error();
  room.aside[SLUICE_EGRESS] = std::move(*aside);
  if (auto removed = remove_ingress_qdisc(ifindex); !removed) return removed.error();
  if (auto made = make_qdisc(ifindex); !made) return made.error();
  return room;
}

// Of another kind than ours, so that no filter of ours fits beside it.
bool holds_first_place(const TcFilter& filter) {
  return filter.priority == kPriority && filter.kind != "bpf";
}

// Makes the qdisc if need be, and room in it.
base::Result<Room> make_room(uint32_t ifindex, const Filters& filters) {
  auto kind = tc_ingress_qdisc(ifindex);
  if (!kind) return kind.error();
  if (*kind == "ingress") return replace_ingress_qdisc(ifindex);
  Room room;
  if (*kind == "clsact" && in_made_qdisc(filters)) room.handle = kHandleInMadeQdisc;
  if (kind->empty()) {
    if (auto made = make_qdisc(ifindex); !made) return made.error();
    room.handle = kHandleInMadeQdisc;
  }
  for (const auto direction : kDirections) {
    if (std::ranges::none_of(filters.at(direction), holds_first_place)) continue;
    auto aside = read_aside(ifindex, parent_of(direction), kPriority);
    if (!aside) return aside.error();
    room.aside.at(direction) = std::move(*aside);
  }
  for (const auto direction : kDirections)
    if (auto out = take_out(ifindex, parent_of(direction), room.aside.at(direction)); !out)
      return out.error();
  return room;
}

Status attach_filter(uint32_t ifindex, sluice_direction direction, const std::vector<TcFilter>& filters,
                     uint32_t handle, int program_fd) {
  const auto in_the_way = std::find_if(filters.begin(), filters.end(), [&](const TcFilter& filter) {
    return filter.kind == "bpf" && filter.priority == kPriority && filter.handle == handle &&
           !has_our_name(filter);
  });
  if (in_the_way != filters.end()) {
    return Error("clsact: another filter (" + in_the_way->kind +
                 ") holds priority 1, the first place; move it to a later one");
  }
  bpf_tc_hook hook = hook_at(ifindex, point_of(direction));
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.prog_fd = program_fd;
  options.handle = handle;
  options.priority = kPriority;
  options.flags = BPF_TC_F_REPLACE;
  if (const int code = bpf_tc_attach(&hook, &options); code != 0)
    return Error::from_errno(-code, "clsact filter");
  return base::done();
}

// Both, and behind each what others had, also where ours fails; the first error counts.
Status attach_filters(uint32_t ifindex, const Filters& filters, const Room& room,
                      const std::array<int, 2>& program_fds) {
  Status first = base::done();
  for (const auto direction : kDirections) {
    const Status attached =
        attach_filter(ifindex, direction, filters.at(direction), room.handle, program_fds.at(direction));
    const Status back =
        put_back(ifindex, parent_of(direction), room.aside.at(direction), attached ? kPriority : 0);
    for (const Status& done : {attached, back})
      if (first && !done) first = done;
  }
  return first;
}

// Those whose programs use maps of ours.
base::Result<Filters> ours_of(uint32_t ifindex, const OwnMaps& own) {
  auto filters = filters_of(ifindex);
  if (!filters) return filters;
  for (auto& list : *filters) {
    std::vector<TcFilter> ours;
    for (auto& filter : list) {
      if (!has_our_name(filter)) continue;
      auto used = own.used_by(filter.program_id);
      if (!used) return used.error();
      if (*used) ours.push_back(std::move(filter));
    }
    list = std::move(ours);
  }
  return filters;
}

Status detach_filters(uint32_t ifindex, sluice_direction direction, const std::vector<TcFilter>& filters) {
  for (const auto& filter : filters) {
    bpf_tc_hook hook = hook_at(ifindex, point_of(direction));
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.handle = filter.handle;
    options.priority = filter.priority;
    const int code = bpf_tc_detach(&hook, &options);
    if (code != 0 && code != -ENOENT && code != -ENODEV)
      return Error::from_errno(-code, "remove clsact filter");
  }
  return base::done();
}

Status remove_qdisc_if_empty(uint32_t ifindex) {
  auto left = filters_of(ifindex);
  if (!left) return left.error();
  if (!(*left)[SLUICE_INGRESS].empty() || !(*left)[SLUICE_EGRESS].empty()) return base::done();
  bpf_tc_hook hook = both_hooks(ifindex);
  const int code = bpf_tc_hook_destroy(&hook);
  if (code != 0 && code != -ENOENT && code != -ENODEV) return Error::from_errno(-code, "remove clsact");
  return base::done();
}

bool is_gone(const Error& error) {
  return error.code() == ENODEV;
}

}  // namespace

Status clsact_attach(uint32_t ifindex, const std::array<int, 2>& program_fds) {
  auto filters = filters_of(ifindex);
  if (!filters) return filters.error();
  auto room = make_room(ifindex, *filters);
  if (!room) return room.error();
  Status attached = attach_filters(ifindex, *filters, *room, program_fds);
  if (!attached && room->handle == kHandleInMadeQdisc)
    (void)remove_qdisc_if_empty(ifindex);  // the first error is what counts
  return attached;
}

Status clsact_detach(uint32_t ifindex, const OwnMaps& own) {
  auto filters = ours_of(ifindex, own);
  if (!filters) return is_gone(filters.error()) ? base::done() : Status(filters.error());
  for (const auto direction : kDirections) {
    if (Status detached = detach_filters(ifindex, direction, (*filters)[direction]); !detached)
      return detached;
  }
  return in_made_qdisc(*filters) ? remove_qdisc_if_empty(ifindex) : base::done();
}

base::Result<bool> clsact_attached(uint32_t ifindex, const OwnMaps& own) {
  auto filters = ours_of(ifindex, own);
  if (!filters) return is_gone(filters.error()) ? base::Result<bool>(false) : filters.error();
  return std::all_of(filters->begin(), filters->end(), [](const auto& list) { return !list.empty(); });
}

}  // namespace sluice::kernel::attach
