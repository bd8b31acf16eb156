// Text in HTML and XML. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice::base {

// For the text of an element and a quoted attribute: & < > " ' as entities (HTML 13.1.2, XML 1.0 2.4), and of what
// nobody sees (excerpt.h), tab and newline aside, each byte as \xNN: XML 1.0 has no other controls.
std::string escaped_markup(std::string_view text);

}  // namespace sluice::base
