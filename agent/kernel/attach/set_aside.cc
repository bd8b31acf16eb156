#include "agent/kernel/attach/set_aside.h"

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/kernel/attach/tc_netlink.h"

namespace sluice::kernel::attach {
namespace {

using base::Error;
using base::Result;
using base::Status;

// What the kernel takes of the flags that it shows.
constexpr uint32_t kFlagsTaken = TCA_CLS_FLAGS_SKIP_HW | TCA_CLS_FLAGS_SKIP_SW;
constexpr uint32_t kU32TableMask = 0xfff00000;  // of a handle: its hash table

struct Movable {
  const char* kind;
  uint16_t flags;  // the attribute that has them
};
constexpr std::array<Movable, 2> kMovable = {{{"u32", TCA_U32_FLAGS}, {"matchall", TCA_MATCHALL_FLAGS}}};

const Movable* movable(const std::string& kind) {
  const auto found = std::ranges::find_if(kMovable, [&](const auto& row) { return kind == row.kind; });
  return found == kMovable.end() ? nullptr : &*found;
}

std::vector<char> options_to_take(const rtattr* options, const Movable& kind) {
  std::vector<char> taken;
  for_each_attribute(
      static_cast<const rtattr*>(RTA_DATA(options)), RTA_PAYLOAD(options), [&](const rtattr* attribute) {
        if (attribute->rta_type != kind.flags || RTA_PAYLOAD(attribute) != sizeof(uint32_t))
          return append_attribute(taken, attribute->rta_type, RTA_DATA(attribute), RTA_PAYLOAD(attribute));
        uint32_t flags = 0;
        std::memcpy(&flags, RTA_DATA(attribute), sizeof flags);
        flags &= kFlagsTaken;
        append_attribute(taken, kind.flags, &flags, sizeof flags);
      });
  return taken;
}

// The filter of a message, and the options that it came with.
struct Read {
  SetAside filter;
  const rtattr* options = nullptr;
};

Read read(const nlmsghdr& header) {
  Read read;
  const tcmsg& message = tc_message(header);
  read.filter.priority = TC_H_MAJ(message.tcm_info) >> 16;
  read.filter.protocol = static_cast<uint16_t>(TC_H_MIN(message.tcm_info));
  read.filter.handle = message.tcm_handle;
  for_each_attribute(header, [&](const rtattr* attribute) {
    if (attribute->rta_type == TCA_KIND) read.filter.kind = text_of(attribute);
    if (attribute->rta_type == TCA_OPTIONS) read.options = attribute;
    if (attribute->rta_type == TCA_CHAIN && RTA_PAYLOAD(attribute) == sizeof(uint32_t))
      std::memcpy(&read.filter.chain.emplace(), RTA_DATA(attribute), sizeof(uint32_t));
  });
  return read;
}

// A u32 filter's hash table of its own would have to be made first; the one that every priority has is made
// by itself.
bool is_u32_table(const SetAside& filter) {
  return filter.kind == "u32" && (filter.handle & ~kU32TableMask) == 0;
}

tcmsg message_for(uint32_t ifindex, uint32_t parent, const SetAside& filter, uint32_t priority) {
  tcmsg message = tc_at(ifindex, parent);
  message.tcm_info = TC_H_MAKE(priority << 16, filter.protocol);
  return message;
}

std::vector<char> kind_and_chain(const SetAside& filter) {
  std::vector<char> attributes;
  append_attribute(attributes, TCA_KIND, filter.kind.c_str(), filter.kind.size() + 1);
  if (filter.chain) append_attribute(attributes, TCA_CHAIN, &*filter.chain, sizeof(uint32_t));
  return attributes;
}

}  // namespace

Result<std::vector<SetAside>> read_aside(uint32_t ifindex, uint32_t parent,
                                         std::optional<uint32_t> priority) {
  std::vector<SetAside> filters;
  std::string stays;
  std::vector<uint32_t> tables;
  auto dumped = tc_dump(RTM_GETTFILTER, tc_at(ifindex, parent), [&](const nlmsghdr& header) {
    if (header.nlmsg_type != RTM_NEWTFILTER) return;
    auto [filter, options] = read(header);
    if (filter.handle == 0 || filter.kind == "bpf" || (priority && filter.priority != *priority)) return;
    const Movable* kind = movable(filter.kind);
    if (kind == nullptr || options == nullptr) {
      stays = filter.kind;
      return;
    }
    if (is_u32_table(filter)) return tables.push_back(filter.priority);
    filter.options = options_to_take(options, *kind);
    filters.push_back(std::move(filter));
  });
  if (!dumped) return dumped.within("list tc filters").error();
  std::ranges::sort(tables);
  if (std::ranges::adjacent_find(tables) != tables.end()) stays = "u32 with hash tables, or on both hooks";
  if (!stays.empty())
    return Error("another filter (" + stays +
                 ") stands where ours must be first: move it to a later priority of "
                 "a clsact qdisc");
  return filters;
}

Status take_out(uint32_t ifindex, uint32_t parent, const std::vector<SetAside>& filters) {
  std::optional<uint32_t> gone;  // a priority goes as a whole
  for (const SetAside& filter : filters) {
    if (gone == filter.priority) continue;
    auto removed = tc_change(RTM_DELTFILTER, 0, message_for(ifindex, parent, filter, filter.priority),
                             kind_and_chain(filter));
    if (!removed) return removed.within("take a " + filter.kind + " filter out of the first place");
    gone = filter.priority;
  }
  return base::done();
}

Status put_back(uint32_t ifindex, uint32_t parent, const std::vector<SetAside>& filters, uint32_t ours) {
  for (const SetAside& filter : filters) {
    const uint32_t priority = filter.priority > ours ? filter.priority : ours + 1;
    tcmsg message = message_for(ifindex, parent, filter, priority);
    if (filter.kind != "u32")
      message.tcm_handle = filter.handle;  // u32's names its table, which is a new one
    std::vector<char> attributes = kind_and_chain(filter);
    append_attribute(attributes, TCA_OPTIONS, filter.options.data(), filter.options.size());
    auto added = tc_change(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, message, attributes);
    if (!added)
      return added.within("put a " + filter.kind +
                          " filter back behind ours (it is gone; make it anew at priority " +
                          std::to_string(priority) + ")");
  }
  return base::done();
}

Status remove_ingress_qdisc(uint32_t ifindex) {
  tcmsg message = tc_at(ifindex, TC_H_INGRESS);
  message.tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0);
  return tc_change(RTM_DELQDISC, 0, message, {}).within("remove the ingress qdisc");
}

}  // namespace sluice::kernel::attach
