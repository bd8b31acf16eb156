#include "agent/kernel/attach/tc_dump.h"

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include <cstring>

#include "agent/kernel/attach/tc_netlink.h"

namespace sluice::kernel::attach {
namespace {

TcFilter filter_of(const nlmsghdr& header) {
  const tcmsg& message = tc_message(header);
  TcFilter filter;
  filter.handle = message.tcm_handle;
  filter.priority = TC_H_MAJ(message.tcm_info) >> 16;
  const rtattr* options = nullptr;
  for_each_attribute(header, [&](const rtattr* attribute) {
    if (attribute->rta_type == TCA_KIND) filter.kind = text_of(attribute);
    if (attribute->rta_type == TCA_OPTIONS) options = attribute;
  });
  if (filter.kind != "bpf" || options == nullptr) return filter;
  for_each_attribute(static_cast<const rtattr*>(RTA_DATA(options)), RTA_PAYLOAD(options),
                     [&](const rtattr* attribute) {
                       if (attribute->rta_type == TCA_BPF_NAME) filter.name = text_of(attribute);
                       if (attribute->rta_type == TCA_BPF_ID && RTA_PAYLOAD(attribute) == sizeof(uint32_t))
                         std::memcpy(&filter.program_id, RTA_DATA(attribute), sizeof(uint32_t));
                     });
  return filter;
}

}  // namespace

base::Result<std::vector<TcFilter>> tc_filters(uint32_t ifindex, sluice_direction direction) {
  const uint32_t hook = direction == SLUICE_EGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS;
  std::vector<TcFilter> filters;
  auto asked =
      tc_dump(RTM_GETTFILTER, tc_at(ifindex, TC_H_MAKE(TC_H_CLSACT, hook)), [&](const nlmsghdr& header) {
        TcFilter filter = filter_of(header);
        if (header.nlmsg_type == RTM_NEWTFILTER && filter.handle != 0) filters.push_back(std::move(filter));
      });
  if (!asked) return asked.within("list tc filters").error();
  return filters;
}

base::Result<std::string> tc_ingress_qdisc(uint32_t ifindex) {
  std::string kind;
  auto asked = tc_dump(RTM_GETQDISC, tc_at(ifindex, TC_H_CLSACT), [&](const nlmsghdr& header) {
    const tcmsg& qdisc = tc_message(header);
    // The kernel lists the qdiscs of every interface, whatever the request names.
    if (qdisc.tcm_ifindex != static_cast<int>(ifindex) || qdisc.tcm_parent != TC_H_CLSACT) return;
    for_each_attribute(header, [&](const rtattr* attribute) {
      if (attribute->rta_type == TCA_KIND) kind = text_of(attribute);
    });
  });
  if (!asked) return asked.within("find clsact").error();
  return kind;
}

}  // namespace sluice::kernel::attach
