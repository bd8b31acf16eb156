// Names and their addresses as a file says them, for what is judged offline (semantics-names 88): JSON lines,
// {"name": "www.example.com", "addresses": ["203.0.113.9"]}.
//
// Laws:
//  1. A line that is wrong is an error, as every line of a policy is: nothing of the file counts.
//  2. Blank lines are nothing. A field that is neither of the two is an error: it may be one of them, misspelt.
//  3. A name that stands on several lines has the addresses of all of them.
//
// Pure; any thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/net/ip.h"

namespace sluice::names {

inline constexpr size_t kMostBytes = size_t{16} * 1024 * 1024;  // of a file
inline constexpr size_t kMostAddresses = 1'000'000;             // of all names

// Names are canonical: small letters, no last dot, two labels or more.
using Names = std::map<std::string, std::set<net::Ip>, std::less<>>;

// `file` is what the errors call it.
base::Result<Names> read_names(std::string_view bytes, const std::string& file);

}  // namespace sluice::names
