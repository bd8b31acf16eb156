// Respelling: the same cluster as people, tools and joined files write it (semantics 29), and read back.
// Pure; any thread.
#pragma once

#include <map>
#include <string>

#include "agent/model/cluster.h"
#include "agent/source/finding.h"

namespace sluice::spelling {

using Files = std::map<std::string, std::string>;  // text by path, in the order of `kubectl apply -R`

// A few files, in which every object stands in some spelling: YAML and JSON under any name, documents
// separated in each way that kubectl knows, lists, byte order marks, CRLF; some objects are defined otherwise
// before that. The same arguments give the same files.
Files respell(const model::Cluster& cluster, uint64_t seed);

struct Reading {
  model::Cluster cluster;
  std::vector<source::Problem> problems;
  std::vector<source::Warning> warnings;
};
Reading read_back(const Files& files);

}  // namespace sluice::spelling
