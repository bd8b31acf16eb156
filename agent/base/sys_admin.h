// Capabilities; above all CAP_SYS_ADMIN, which a program that has it needs for moments only. It
// is permitted throughout, and in effect for those.
//
// Laws:
//  1. Capabilities in effect are a thread's own. A thread inherits them from the one that starts
//     it, so lower_sys_admin() comes before threads are started.
//  2. What is not permitted is never raised.
//
// Source: capabilities(7), capset(2).
#pragma once

namespace sluice::base {

// Whether the calling thread has a capability (CAP_… of linux/capability.h) in effect.
bool in_effect(unsigned capability);

// Takes it out of effect for the calling thread and those it starts. Not where it stands for others that are
// missing beside it (CAP_BPF, CAP_NET_ADMIN; kernels before 5.8 know no CAP_BPF): without it all would fail.
void lower_sys_admin();

// In effect on the calling thread while this lives; then as before.
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
