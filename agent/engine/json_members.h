// The members of a JSON object as they are spelled: a number keeps its digits, a text its escapes. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace sluice::engine {

struct JsonMember {
  std::string_view key;    // in its quotes
  std::string_view value;  // without white space around it
};

// Of a text that a parser took for an object. In the order written, each as often as it is there.
std::vector<JsonMember> members_of(std::string_view object);

}  // namespace sluice::engine
