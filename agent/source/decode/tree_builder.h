// TreeBuilder: turns a parser's events into a Document and enforces the Document's laws on the way, so that
// YAML and JSON share one definition of depth, size, duplicate keys, aliases and merge keys.
//
// A broken law throws TreeError; the two parsers catch it at their edge. One builder a document; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/source/decode/tree.h"

namespace sluice::source::decode {

struct TreeError {
  uint32_t line = 0;  // 1-based
  std::string message;
};

class TreeBuilder {
 public:
  // `anchor` 0 is none. In a map, keys and values alternate; a key must be a scalar.
  void null(uint32_t line, size_t anchor = 0);
  void scalar(std::string_view text, bool quoted, uint32_t line, size_t anchor = 0);
  void alias(size_t anchor, uint32_t line);
  void begin(TreeType type, uint32_t line, size_t anchor = 0);
  void end();

  Document take() { return std::move(document_); }

 private:
  struct Frame {
    uint32_t node;
    uint32_t last = Document::kNone;  // child
    size_t anchor = 0;
    bool has_key = false;
    bool key_respelt = false;
    bool merge_key = false;   // the pending key is a plain <<
    bool has_merges = false;  // some entry has one
    uint32_t key_at = 0, key_size = 0, key_line = 0;
  };

  bool expects_key() const {
    return !open_.empty() && document_.nodes_[open_.back().node].type == TreeType::kMap &&
           !open_.back().has_key;
  }
  void accept_key(std::string_view text, bool quoted, uint32_t line);
  // A new node, with the pending key where it stands in a map; not yet linked to its parent.
  uint32_t add(Document::Node node);
  // Links a finished node to its parent and accounts for its size.
  void link(uint32_t node);
  void account(const Document::Node& child, Document::Node& parent) const;
  void remember(size_t anchor, uint32_t node);
  void apply_merges(uint32_t map);
  void chain_merged(uint32_t map, const std::vector<uint32_t>& own, size_t written);
  void count_merged(uint32_t line);
  void refuse_duplicate_keys(uint32_t map) const;

  Document document_;
  std::vector<Frame> open_;
  std::unordered_map<size_t, uint32_t> anchors_;
  uint32_t merged_ = 0;  // entries of sources that were looked at, also those that a map has already
};

// The tree as a document of its own; lines stay.
Document copy_of(const Tree& tree);

}  // namespace sluice::source::decode
