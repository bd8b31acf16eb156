// JSON that is printed where a person may look on. Pure; any thread.
#pragma once

#include <string>

namespace sluice::base {

// The same value, in which what nobody sees (utf8.h) stands as \uNNNN, as it may in strings alone, but for newline and
// tab between values; of what is no UTF-8 each byte as \ufffd. Costs nothing where all of it is plain.
std::string visible_json(std::string json);

}  // namespace sluice::base
