// How text from outside stands in a message: quoted, on one line, of bounded length.
#pragma once

#include <string>
#include <string_view>

namespace sluice::base {

// "text", control characters as \xNN, cut after 64 bytes (at a UTF-8 boundary) with "…".
std::string excerpt(std::string_view text);

// The message with control characters as \xNN, so that it stays one line.
std::string one_line(std::string_view message);

}  // namespace sluice::base
