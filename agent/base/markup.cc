#include "agent/base/markup.h"

#include "agent/base/excerpt.h"

namespace sluice::base {

std::string escaped_markup(std::string_view text) {
  std::string safe;
  for (const char c : printable(text, "\n\t")) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

}  // namespace sluice::base
