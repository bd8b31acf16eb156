#include "agent/flow/reasons.h"

#include <array>

namespace sluice::flow {
namespace {

struct Named {
  std::string_view label, text;
};

constexpr std::array<Named, SLUICE_REASON_COUNT> kReasons = {{
#define SLUICE_NAMED(NAME, label, text) Named{label, text},
    SLUICE_REASONS(SLUICE_NAMED)
#undef SLUICE_NAMED
}};

}  // namespace

std::string_view reason_label(uint32_t reason) {
  return reason < kReasons.size() ? kReasons[reason].label : "unknown";
}

std::string_view reason_text(uint32_t reason) {
  return reason < kReasons.size() ? kReasons[reason].text : "";
}

}  // namespace sluice::flow
