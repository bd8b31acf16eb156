// agent/packet/path.c for the policy stress: every few times a packet is held up between the two words of a fact, as an
// interrupt or a hypervisor may hold up a program of the kernel. Where bpf/table.h hides a number from the compiler is
// just there.
#include <sched.h>

#include "seam.h"

static void hold_up(void) {
  static _Thread_local unsigned turn;
  if (++turn % 7 == 0) sched_yield();
}

#undef SLUICE_OPAQUE
#define SLUICE_OPAQUE(value)            \
  do {                                  \
    __asm__ volatile("" : "+r"(value)); \
    hold_up();                          \
  } while (0)

#include "agent/packet/path.c"
