// The objects of an input: those of a dialect as trees, with lists opened; what else a cluster has as values. Private to
// the room.
#pragma once

#include <deque>

#include "agent/convert/convert.h"
#include "agent/source/decode/documents.h"

namespace sluice::convert {

struct ForeignObject {
  std::string group, version, kind;
  model::ObjectName name;  // not checked; namespace as written
  source::decode::Tree tree;
  std::string called() const { return kind + " " + name.to_text(); }
};

struct Input {
  std::deque<source::decode::Document> documents;  // what the trees are handles of
  std::vector<ForeignObject> objects;  // of groups that Kubernetes does not have, in the order written
  model::Cluster cluster;
  std::vector<std::string> problems;
};

Input read_input(std::string_view bytes, const std::string& origin);

}  // namespace sluice::convert
