// The objects of an input: each as a tree, with lists opened; what a cluster has beside policies of others as values, too. Private to
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
  bool is_defined_again = false;  // this is the last of several
  std::string called() const { return kind + " " + name.to_text(); }
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
};

struct Input {
  std::deque<source::decode::Document> documents;  // what the trees are handles of
  std::vector<ForeignObject> objects;              // of every group, in the order written
  model::Cluster cluster;
  std::vector<std::string> problems;
};

Input read_input(std::string_view bytes, const std::string& origin);

}  // namespace sluice::convert
