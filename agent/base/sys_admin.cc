#include "agent/base/sys_admin.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sluice::base {
namespace {

// Of the calling thread. 64 capabilities in two words, as version 3 of the call has them.
struct Capabilities {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> words{};

  bool read() { return ::syscall(SYS_capget, &header, words.data()) == 0; }
  bool write() { return ::syscall(SYS_capset, &header, words.data()) == 0; }
  bool is_effective(unsigned capability) const {
    return (words.at(CAP_TO_INDEX(capability)).effective & CAP_TO_MASK(capability)) != 0;
  }
  bool is_permitted(unsigned capability) const {
    return (words.at(CAP_TO_INDEX(capability)).permitted & CAP_TO_MASK(capability)) != 0;
  }
  void keep(uint64_t kept) {
    for (auto& word : words) {
      const auto part = static_cast<uint32_t>(kept);
      kept >>= 32;
      word.permitted &= part;
      word.effective &= part;
      word.inheritable = 0;
    }
  }
  void set_effective(unsigned capability, bool on) {
    auto& word = words.at(CAP_TO_INDEX(capability)).effective;
    word = on ? word | CAP_TO_MASK(capability) : word & ~CAP_TO_MASK(capability);
  }
};

bool put_in_effect(bool on) {
  Capabilities mine;
  if (!mine.read() || !mine.is_permitted(CAP_SYS_ADMIN) || mine.is_effective(CAP_SYS_ADMIN) == on)
    return false;
  mine.set_effective(CAP_SYS_ADMIN, on);
  return mine.write();
}

}  // namespace

bool in_effect(unsigned capability) {
  Capabilities mine;
  return mine.read() && mine.is_effective(capability);
}

Status keep_capabilities(std::span<const unsigned> kept) {
  uint64_t all = 0;
  for (const unsigned capability : kept) all |= uint64_t{1} << capability;
  // What cannot be dropped here no_new_privs keeps out of reach.
  for (unsigned capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if ((all >> capability & 1) == 0) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Error::from_errno(errno, "set no_new_privs");
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  Capabilities mine;
  if (!mine.read()) return Error::from_errno(errno, "read them");
  mine.keep(all);
  if (!mine.write()) return Error::from_errno(errno, "drop them");
  return done();
}

void lower_sys_admin() {
  Capabilities mine;
  if (mine.read() && mine.is_effective(CAP_BPF) && mine.is_effective(CAP_NET_ADMIN)) put_in_effect(false);
}

RaisedSysAdmin::RaisedSysAdmin() : raised_(put_in_effect(true)) {}

RaisedSysAdmin::~RaisedSysAdmin() {
  if (raised_) put_in_effect(false);
}

}  // namespace sluice::base
