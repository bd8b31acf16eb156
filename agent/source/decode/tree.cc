#include "agent/source/decode/tree.h"

namespace sluice::source::decode {

std::string_view to_text(TreeType type) {
  switch (type) {
    case TreeType::kNull:
      return "nothing";
    case TreeType::kScalar:
      return "a value";
    case TreeType::kSequence:
      return "a list";
    case TreeType::kMap:
      return "a map";
  }
  return "";
}

TreeType Tree::type() const {
  return document_ ? document_->nodes_[node_].type : TreeType::kNull;
}

std::string_view Tree::text() const {
  if (type() != TreeType::kScalar) return {};
  const auto& node = document_->nodes_[node_];
  return document_->text_of(node.at, node.size);
}

bool Tree::quoted() const {
  return document_ && document_->nodes_[node_].quoted;
}

uint32_t Tree::line() const {
  return document_ ? document_->nodes_[node_].line : 0;
}

std::string_view Tree::key() const {
  if (!document_) return {};
  const auto& node = document_->nodes_[node_];
  return document_->text_of(node.key_at, node.key_size);
}

bool Tree::key_is_respelt() const {
  return document_ && document_->nodes_[node_].key_respelt;
}

Tree::Iterator Tree::begin() const {
  bool has_children = type() == TreeType::kSequence || type() == TreeType::kMap;
  return {document_, has_children ? document_->nodes_[node_].at : Document::kNone};
}

Tree::Iterator Tree::end() const {
  return {document_, Document::kNone};
}

size_t Tree::size() const {
  bool has_children = type() == TreeType::kSequence || type() == TreeType::kMap;
  return has_children ? document_->nodes_[node_].size : 0;
}

Tree Tree::find(std::string_view key) const {
  if (type() != TreeType::kMap) return {};
  for (Tree child : *this)
    if (child.key() == key) return child;
  return {};
}

Tree::Iterator& Tree::Iterator::operator++() {
  node_ = document_->nodes_[node_].next;
  return *this;
}

}  // namespace sluice::source::decode
