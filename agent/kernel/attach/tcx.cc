#include "agent/kernel/attach/tcx.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "agent/base/sys_admin.h"

namespace sluice::kernel::attach {
namespace {

using base::Error;

constexpr uint32_t kTcxIngress = 46;   // enum bpf_attach_type: BPF_TCX_INGRESS
constexpr uint32_t kTcxEgress = 47;    // BPF_TCX_EGRESS
constexpr uint32_t kBefore = 1U << 3;  // BPF_F_BEFORE; with no relative program: at the head
constexpr uint32_t kMaxPrograms = 64;  // BPF_MPROG_MAX: no hook holds more

struct LinkCreate {  // bpf_attr.link_create with its tcx arm
  uint32_t prog_fd, target_ifindex, attach_type, flags, relative_fd, padding;
  uint64_t expected_revision;
};
static_assert(sizeof(LinkCreate) == 32);

struct Query {  // bpf_attr.query
  uint32_t target_ifindex, attach_type, query_flags, attach_flags;
  uint64_t prog_ids;
  uint32_t count, padding;
  uint64_t prog_attach_flags, link_ids, link_attach_flags, revision;
};
static_assert(sizeof(Query) == 64);

struct LinkInfo {  // bpf_link_info with its tcx arm
  uint32_t type, id, prog_id, padding, ifindex, attach_type;
};
static_assert(sizeof(LinkInfo) == 24);

// The pod's egress is what the host side receives.
uint32_t attach_type(sluice_direction direction) {
  return direction == SLUICE_EGRESS ? kTcxIngress : kTcxEgress;
}

template <typename Attributes>
long bpf(bpf_cmd command, Attributes& attributes) {
  return ::syscall(__NR_bpf, command, &attributes, sizeof attributes);
}

struct AtHook {
  std::vector<uint32_t> links, programs;  // ids, in the order in which they run
};

base::Result<AtHook> at_hook(uint32_t ifindex, sluice_direction direction) {
  AtHook there{std::vector<uint32_t>(kMaxPrograms), std::vector<uint32_t>(kMaxPrograms)};
  Query query{};
  query.target_ifindex = ifindex;
  query.attach_type = attach_type(direction);
  query.count = kMaxPrograms;
  query.prog_ids = reinterpret_cast<uint64_t>(there.programs.data());
  query.link_ids = reinterpret_cast<uint64_t>(there.links.data());
  if (bpf(BPF_PROG_QUERY, query) != 0) {
    if (errno == ENOENT) return AtHook{};  // a hook that never held a program
    return Error::from_errno(errno, "query tcx");
  }
  there.links.resize(query.count);
  there.programs.resize(query.count);
  return there;
}

}  // namespace

bool tcx_supported() {
  Query query{};
  query.target_ifindex = 1;  // lo: every namespace has it
  query.attach_type = kTcxIngress;
  return bpf(BPF_PROG_QUERY, query) == 0 || errno == ENOENT;
}

base::Result<base::Fd> tcx_attach(uint32_t ifindex, sluice_direction direction, int program_fd) {
  LinkCreate create{};
  create.prog_fd = static_cast<uint32_t>(program_fd);
  create.target_ifindex = ifindex;
  create.attach_type = attach_type(direction);
  create.flags = kBefore;
  base::Fd link(static_cast<int>(bpf(BPF_LINK_CREATE, create)));
  if (!link.valid()) return Error::from_errno(errno, "tcx link");
  return link;
}

base::Result<std::vector<uint32_t>> tcx_link_ids(uint32_t ifindex, sluice_direction direction) {
  auto there = at_hook(ifindex, direction);
  if (!there) return there.error();
  return std::move(there->links);
}

base::Result<std::vector<uint32_t>> tcx_programs(uint32_t ifindex, sluice_direction direction) {
  auto there = at_hook(ifindex, direction);
  if (!there) return there.error();
  return std::move(there->programs);
}

base::Result<base::Fd> tcx_link_of(uint32_t ifindex, sluice_direction direction, uint32_t program_id) {
  auto there = at_hook(ifindex, direction);
  if (!there) return there.error();
  const auto found = std::ranges::find(there->programs, program_id);
  if (found == there->programs.end()) return base::Fd();
  const uint32_t id = there->links[static_cast<size_t>(found - there->programs.begin())];
  if (id == 0) return base::Fd();
  const base::RaisedSysAdmin looking;  // by its id: CAP_SYS_ADMIN
  base::Fd link(bpf_link_get_fd_by_id(id));
  if (!link.valid()) return Error::from_errno(errno, "open the link that is there");
  return link;
}

base::Result<TcxLink> tcx_link(int link_fd) {
  LinkInfo info{};
  uint32_t size = sizeof info;
  if (const int code = bpf_obj_get_info_by_fd(link_fd, &info, &size); code != 0) {
    return Error::from_errno(-code, "inspect link");
  }
  return TcxLink{info.id, info.ifindex};
}

}  // namespace sluice::kernel::attach
