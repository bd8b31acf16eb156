// Document and Tree: one decoded YAML or JSON document as a neutral value, before any meaning is
// given to it.
//
// Laws:
//  1. Order is kept; no map has a key twice; merge keys (<<) are already applied.
//  2. Depth is at most kMaxDepth, and the document with all aliases written out has at most
//     kMaxNodes nodes. So a walk over it is bounded, "billion laughs" included.
//  3. Aliased subtrees are shared, not copied.
//  4. A Tree is a handle of two words into its Document and must not outlive it.
//
// Read-only after parsing: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::source::decode {

inline constexpr uint32_t kMaxDepth = 64;
inline constexpr uint32_t kMaxNodes = 4'000'000;

enum class TreeType : uint8_t { kNull, kScalar, kSequence, kMap };
std::string_view to_text(TreeType type);  // "nothing", "a value", "a list", "a map"

class Document;

class Tree {
 public:
  class Iterator;

  Tree() = default;  // null: what an absent field is
  TreeType type() const;
  bool is_null() const { return type() == TreeType::kNull; }
  // A scalar as written; empty for every other type.
  std::string_view text() const;
  // A string by its spelling ("80", '80', |, >, !!str, every JSON string), never a number or a boolean.
  bool quoted() const;
  // 1-based line in the file, of its key where it stands in a map; 0 for the default Tree.
  uint32_t line() const;
  // The key under which this stands in its map; empty elsewhere.
  std::string_view key() const;
  // The key is a boolean as written (y, on), and "true" or "false" here, as kubectl has it.
  bool key_is_respelt() const;

  // Children of a sequence or map, in order; none for other types.
  Iterator begin() const;
  Iterator end() const;
  size_t size() const;
  // The value under `key` of a map; null where it is absent. Absent and null are the same (Kubernetes API).
  Tree find(std::string_view key) const;

 private:
  friend class Document;
  friend class TreeBuilder;
  Tree(const Document* document, uint32_t node) : document_(document), node_(node) {}
  const Document* document_ = nullptr;
  uint32_t node_ = 0;
};

class Document {
 public:
  Tree root() const { return nodes_.empty() ? Tree() : Tree(this, 0); }

 private:
  friend class Tree;
  friend class TreeBuilder;

  static constexpr uint32_t kNone = 0xffffffff;
  struct Node {
    uint32_t next = kNone;  // sibling
    uint32_t at = kNone;    // scalar: offset in text_; sequence, map: first child
    uint32_t size = 0;      // scalar: bytes; sequence, map: children
    uint32_t key_at = 0, key_size = 0;
    uint32_t line = 0;
    uint32_t weight = 1;  // nodes below and itself, aliases written out
    TreeType type = TreeType::kNull;
    bool quoted = false;
    bool key_respelt = false;
    uint8_t height = 1;  // levels below and itself
  };
  std::string_view text_of(uint32_t at, uint32_t size) const { return {text_.data() + at, size}; }

  std::vector<Node> nodes_;  // the root is the first
  std::string text_;
};

class Tree::Iterator {
 public:
  Tree operator*() const { return {document_, node_}; }
  Iterator& operator++();
  bool operator==(const Iterator&) const = default;

 private:
  friend class Tree;
  Iterator(const Document* document, uint32_t node) : document_(document), node_(node) {}
  const Document* document_;
  uint32_t node_;
};

}  // namespace sluice::source::decode
