// The annotation sluice.dev/observe of Pods and Namespaces.
#include "agent/base/excerpt.h"
#include "agent/source/decode/decode_kinds.h"

namespace sluice::source::decode {

bool decode_observe_allowed(const Field& metadata) {
  const auto read = [](const Field& lenient) {
    const Field annotations = lenient.get("annotations");
    if (annotations.tree().type() != TreeType::kMap) return false;  // decode_source_prefixes() says so
    const Field annotation = annotations.get(model::kObserveAnnotation);
    if (annotation.absent()) return false;
    const std::string text = annotation.text();
    if (text != "allowed")
      annotation.fail(base::excerpt(text) + " is nothing to observe: write allowed, or leave it out");
    return true;
  };
  return metadata.value_or_warning("its allowed connections are not reported", read).value_or(false);
}

}  // namespace sluice::source::decode
