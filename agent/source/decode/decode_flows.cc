// The annotation sluice.dev/flows of Pods.
#include <charconv>

#include "agent/base/excerpt.h"
#include "agent/source/decode/decode_kinds.h"

namespace sluice::source::decode {

uint32_t decode_flows(const Field& metadata) {
  const auto read = [](const Field& lenient) -> uint32_t {
    const Field annotations = lenient.get("annotations");
    if (annotations.tree().type() != TreeType::kMap) return 0;  // decode_source_prefixes() says so
    const Field annotation = annotations.get(model::kFlowsAnnotation);
    if (annotation.absent()) return 0;
    const std::string text = annotation.text();
    uint32_t flows = 0;
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, flows);
    if (code != std::errc() || stop != end || flows == 0)
      annotation.fail(base::excerpt(text) + " is no number of connections: write one from 1 to " +
                      std::to_string(UINT32_MAX));
    return flows;
  };
  return metadata.value_or_warning("the pod's share is that of every pod", read).value_or(0);
}

}  // namespace sluice::source::decode
