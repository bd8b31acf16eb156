// agent/packet/path.c for the replay: it stops where bpf/table.h hides the side of a fact from the compiler, between the
// two words of the fact.
#include "seam.h"

void sluice_replay_stop(const char* hidden);

#undef SLUICE_OPAQUE
#define SLUICE_OPAQUE(value)            \
  do {                                  \
    __asm__ volatile("" : "+r"(value)); \
    sluice_replay_stop(#value);         \
  } while (0)

#include "agent/packet/path.c"
