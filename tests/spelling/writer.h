// Writer: one object as a document of JSON or YAML, in other words that mean the same: keys in any order, a
// block or a flow at every level, merge keys, anchors, comments, protocols left out where TCP is meant. Not
// thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/source/decode/tree.h"
#include "tests/spelling/scalars.h"

namespace sluice::spelling {

class Writer {
 public:
  explicit Writer(oracle::Random& random) : random_(random) {}

  // A whole document; ends with a line's end unless it is JSON.
  std::string object(const source::decode::Tree& object, Style style);
  // One that holds all these objects: a v1 List, or, where they are of one kind, that kind's list.
  std::string list(const std::vector<source::decode::Tree>& objects, Style style);

 private:
  void begin_document() { anchors_.clear(); }
  std::string write(const source::decode::Tree& tree, Style style, size_t indent);
  std::string item(const source::decode::Tree& object, bool leaves_out_kind, Style style, size_t indent);
  std::string map(const std::vector<source::decode::Tree>& entries, Style style, size_t indent);
  std::string sequence(const source::decode::Tree& tree, Style style, size_t indent);
  std::string entry(const source::decode::Tree& value, Style style, size_t indent);
  std::string flow(const std::vector<std::string>& parts, char open, char close, Style style);
  std::string scalar(const source::decode::Tree& tree, Style style);
  std::string block_value(const source::decode::Tree& value, size_t indent);
  std::string anchored(const std::string& text, Style style);
  std::vector<source::decode::Tree> entries_of(const source::decode::Tree& map);
  std::string line_end();

  oracle::Random& random_;
  std::string kind_;                            // of the object that is being written
  std::map<std::string, std::string> anchors_;  // of this document, by the text that they stand for
};

}  // namespace sluice::spelling
