// How text from outside stands in a message: quoted, on one line, of bounded length.
//
// Law: what these return has nothing that a terminal takes for a command, and nothing that nobody sees (utf8.h): of
// such a character, and of what is no UTF-8, each byte stands as \xNN.
#pragma once

#include <string>
#include <string_view>

namespace sluice::base {

// "text", cut after 64 bytes (at a UTF-8 boundary) with "…".
std::string excerpt(std::string_view text);

// The whole message, on one line.
std::string one_line(std::string_view message);

// The same, where some characters below 0x80 stand as they are.
std::string printable(std::string_view text, std::string_view kept);

// Its first `most` bytes, with "…" where there are more.
std::string shortened(std::string_view message, size_t most);

}  // namespace sluice::base
