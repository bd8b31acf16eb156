#include "agent/source/finding.h"

#include "agent/base/excerpt.h"

namespace sluice::source {

std::string Finding::to_text() const {
  std::string text = place.origin;
  auto append = [&](const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += ": ";
    text += part;
  };
  if (place.document > 0) append("document " + std::to_string(place.document));
  if (object) append(object->to_text());
  append(field);
  append(message);
  return base::one_line(text);
}

}  // namespace sluice::source
