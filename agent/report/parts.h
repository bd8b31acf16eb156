// What a bug report holds, part by part, before any of it is read.
//
// Laws:
//  1. The list is complete before the first part is read, so that it can be shown first.
//  2. A part that cannot be had, or is larger than kMostPartBytes, is left out whole, and why is said in its place; the
//     others are read all the same.
//  3. What was read is a value: the archive holds these bytes and no others.
//
// One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::report {

inline constexpr size_t kMostPartBytes = 64UL << 20;

struct Part {
  std::string name;   // path in the archive, "agent/status.json"
  std::string about;  // for people, a few words
  std::function<base::Result<std::string>()> read;
};

struct ReadPart {
  std::string name, about;
  base::Result<std::string> content;
};

// "  agent/status.json   what it is", a line each.
std::string list_text(const std::vector<Part>& parts);

// `step` is called before each, with how many are done.
std::vector<ReadPart> read_all(const std::vector<Part>& parts, const std::function<void(size_t)>& step);

// What came of each: its size, or why it is not there. The first file of the archive.
std::string contents_text(const std::vector<ReadPart>& parts);

// Those that are not there, one line for each reason: "agent/status.json, agent/maps.json: no agent answers".
std::vector<std::string> missing(const std::vector<ReadPart>& parts);

}  // namespace sluice::report
