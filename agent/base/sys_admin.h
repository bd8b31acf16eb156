// Capabilities; above all CAP_SYS_ADMIN, which a program that has it needs for moments only. It
// stays permitted throughout, and is in effect during those moments alone.
//
// Laws:
//  1. Capabilities in effect are a thread's own. A thread inherits them from the one that starts
//     it, so lower_sys_admin() comes before threads are started.
//  2. What is not permitted is never raised.
//
// Source: capabilities(7), capset(2).
#pragma once

#include <span>

#include "agent/base/result.h"

namespace sluice::base {

// Whether the calling thread has a capability (CAP_… of linux/capability.h) in effect.
bool in_effect(unsigned capability);

// Takes CAP_SYS_ADMIN out of effect for the calling thread and those that it starts. It stays in effect where CAP_BPF or
// CAP_NET_ADMIN is missing (kernels before 5.8 know no CAP_BPF): there it stands for them, and without it all would fail.
void lower_sys_admin();

// Gives up all but these for the calling thread and those that it starts, for good: out of the permitted and, where
// CAP_SETPCAP lets it, the bounding set; and with no_new_privs no program that it runs gets more (prctl(2)).
Status keep_capabilities(std::span<const unsigned> kept);

// While it lives CAP_SYS_ADMIN is in effect on the calling thread; its end restores what was before.
class RaisedSysAdmin {
 public:
  RaisedSysAdmin();
  ~RaisedSysAdmin();
  RaisedSysAdmin(const RaisedSysAdmin&) = delete;
  RaisedSysAdmin& operator=(const RaisedSysAdmin&) = delete;

 private:
  bool raised_;
};

}  // namespace sluice::base
