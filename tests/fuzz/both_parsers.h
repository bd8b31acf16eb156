/* What bpf/plain.h makes of a frame must be what bpf/parse.h makes of it. C11 and C++20. */
#ifndef SLUICE_BOTH_PARSERS_H
#define SLUICE_BOTH_PARSERS_H

#include "agent/packet/user_ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The short way says nothing of the frame, or the same as the whole way. */
bool sluice_parsers_agree(const __u8* frame, __u32 length, enum sluice_direction direction);

#ifdef __cplusplus
}
#endif

#endif
