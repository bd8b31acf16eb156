// Reasons as people and metrics see them, from the one list in include/sluice/reasons.h. Values; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/reasons.h"

namespace sluice::flow {

// "no_rule": metric label and log value; "unknown" for a number that is no reason.
std::string_view reason_label(uint32_t reason);
// "isolated, and no policy rule allows it"; empty for a number that is no reason.
std::string_view reason_text(uint32_t reason);
inline bool is_denied(uint32_t reason) {
  return reason >= SLUICE_FIRST_DENIED;
}

}  // namespace sluice::flow
