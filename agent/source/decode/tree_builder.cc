#include "agent/source/decode/tree_builder.h"

#include <algorithm>
#include <unordered_set>

#include "agent/base/excerpt.h"
#include "agent/source/decode/scalars.h"

namespace sluice::source::decode {
namespace {

constexpr std::string_view kMergeKey = "<<";

}  // namespace

void TreeBuilder::accept_key(std::string_view text, bool quoted, uint32_t line) {
  Frame& frame = open_.back();
  const auto boolean = quoted ? std::nullopt : parse_boolean(text);
  const std::string_view written = text;
  if (boolean) text = *boolean ? "true" : "false";
  frame.key_respelt = text != written;
  frame.key_at = static_cast<uint32_t>(document_.text_.size());
  frame.key_size = static_cast<uint32_t>(text.size());
  frame.key_line = line;
  frame.has_key = true;
  frame.merge_key = !quoted && text == kMergeKey;
  frame.has_merges |= frame.merge_key;
  document_.text_ += text;
}

uint32_t TreeBuilder::add(Document::Node node) {
  if (document_.nodes_.size() >= kMaxNodes)
    throw TreeError{node.line,
                    "the document has more than " + std::to_string(kMaxNodes) + " values: split it"};
  if (!open_.empty() && open_.back().has_key) {
    node.key_at = open_.back().key_at;
    node.key_size = open_.back().key_size;
    node.key_respelt = open_.back().key_respelt;
    node.line = open_.back().key_line;
  } else {
    node.key_at = node.key_size = 0;
    node.key_respelt = false;
  }
  node.next = Document::kNone;
  document_.nodes_.push_back(node);
  return static_cast<uint32_t>(document_.nodes_.size() - 1);
}

void TreeBuilder::account(const Document::Node& child, Document::Node& parent) const {
  if (child.height + open_.size() > kMaxDepth)
    throw TreeError{child.line, "nested more than " + std::to_string(kMaxDepth) + " levels deep"};
  if (child.weight > kMaxNodes - parent.weight)
    throw TreeError{child.line, "the document has more than " + std::to_string(kMaxNodes) +
                                    " values with its aliases written out: split it or use fewer aliases"};
  parent.weight += child.weight;
  parent.height = std::max<uint8_t>(parent.height, static_cast<uint8_t>(child.height + 1));
}

void TreeBuilder::link(uint32_t node) {
  if (open_.empty()) return;
  Frame& frame = open_.back();
  auto& parent = document_.nodes_[frame.node];
  account(document_.nodes_[node], parent);
  (frame.last == Document::kNone ? parent.at : document_.nodes_[frame.last].next) = node;
  frame.last = node;
  frame.has_key = false;
  ++parent.size;
}

void TreeBuilder::remember(size_t anchor, uint32_t node) {
  if (anchor) anchors_[anchor] = node;
}

void TreeBuilder::null(uint32_t line, size_t anchor) {
  if (expects_key()) throw TreeError{line, "a key is missing before \":\""};
  Document::Node node;
  node.line = line;
  uint32_t added = add(node);
  remember(anchor, added);
  link(added);
}

void TreeBuilder::scalar(std::string_view text, bool quoted, uint32_t line, size_t anchor) {
  bool is_key = expects_key();
  if (is_key && !anchor) return accept_key(text, quoted, line);
  Document::Node node;
  node.type = TreeType::kScalar;
  node.quoted = quoted;
  node.line = line;
  node.at = static_cast<uint32_t>(document_.text_.size());
  node.size = static_cast<uint32_t>(text.size());
  document_.text_ += text;
  uint32_t added = add(node);
  remember(anchor, added);
  if (is_key) return accept_key(text, quoted, line);
  link(added);
}

void TreeBuilder::alias(size_t anchor, uint32_t line) {
  auto found = anchors_.find(anchor);
  if (found == anchors_.end()) throw TreeError{line, "an alias stands inside the value that it names"};
  Document::Node node = document_.nodes_[found->second];
  if (expects_key()) {
    if (node.type != TreeType::kScalar) throw TreeError{line, "a key must be plain text"};
    return accept_key(std::string(document_.text_of(node.at, node.size)), node.quoted, line);
  }
  link(add(node));
}

void TreeBuilder::begin(TreeType type, uint32_t line, size_t anchor) {
  if (expects_key()) throw TreeError{line, "a key must be plain text, not " + std::string(to_text(type))};
  if (open_.size() >= kMaxDepth)
    throw TreeError{line, "nested more than " + std::to_string(kMaxDepth) + " levels deep"};
  Document::Node node;
  node.type = type;
  node.line = line;
  Frame frame{.node = add(node)};
  frame.anchor = anchor;
  open_.push_back(frame);
}

void TreeBuilder::end() {
  Frame frame = open_.back();
  if (document_.nodes_[frame.node].type == TreeType::kMap) {
    refuse_duplicate_keys(frame.node);
    if (frame.has_merges) apply_merges(frame.node);
  }
  open_.pop_back();
  remember(frame.anchor, frame.node);
  link(frame.node);
}

void TreeBuilder::refuse_duplicate_keys(uint32_t map) const {
  std::unordered_set<std::string_view> seen;
  Tree tree(&document_, map);
  bool few = tree.size() <= 16;
  for (auto entry = tree.begin(); entry != tree.end(); ++entry) {
    std::string_view key = (*entry).key();
    bool twice = false;
    if (few)
      for (auto other = tree.begin(); other != entry && !twice; ++other) twice = (*other).key() == key;
    else
      twice = !seen.insert(key).second;
    if (!twice) continue;
    const bool object = open_.size() == 1 && (key == "apiVersion" || key == "kind");
    throw TreeError{(*entry).line(), "the key " + base::excerpt(key) + " stands twice in one map" +
                                         (object ? ": is a line \"---\" missing before it?" : "")};
  }
}

// What is merged into one map after the other is work that neither the text nor the result has the size of.
void TreeBuilder::count_merged(uint32_t line) {
  if (++merged_ > kMaxNodes)
    throw TreeError{line,
                    "more than " + std::to_string(kMaxNodes) + " values are merged by <<: write them out"};
}

// YAML merge key (yaml.org/type/merge.html): the map's own entries win, then earlier sources over later ones.
void TreeBuilder::apply_merges(uint32_t map) {
  std::unordered_set<std::string_view> taken;
  std::vector<uint32_t> own, sources;
  for (uint32_t child = document_.nodes_[map].at; child != Document::kNone;
       child = document_.nodes_[child].next) {
    const auto& node = document_.nodes_[child];
    std::string key(document_.text_of(node.key_at, node.key_size));
    if (key != kMergeKey) {
      own.push_back(child);
      continue;
    }
    bool list = node.type == TreeType::kSequence;
    if (!list) sources.push_back(child);
    for (uint32_t item = list ? node.at : Document::kNone; item != Document::kNone;
         item = document_.nodes_[item].next)
      sources.push_back(item);
  }
  for (uint32_t child : own) taken.insert(Tree(&document_, child).key());
  size_t written = own.size();
  for (uint32_t source : sources) {
    if (document_.nodes_[source].type != TreeType::kMap)
      throw TreeError{document_.nodes_[source].line, "<< needs a map or a list of maps"};
    for (uint32_t child = document_.nodes_[source].at; child != Document::kNone;
         child = document_.nodes_[child].next) {
      count_merged(document_.nodes_[source].line);
      if (taken.insert(Tree(&document_, child).key()).second) own.push_back(child);
    }
  }
  chain_merged(map, own, written);
}

// Entries of sources, from `written` on, are shared with the map they come from: only their heads are copied.
void TreeBuilder::chain_merged(uint32_t map, const std::vector<uint32_t>& own, size_t written) {
  Document::Node& head = document_.nodes_[map];
  head.at = Document::kNone;
  head.size = 0;
  head.weight = 1;
  head.height = 1;
  uint32_t last = Document::kNone;
  for (size_t i = 0; i < own.size(); ++i) {
    uint32_t child = own[i];
    if (i >= written) {
      Document::Node copy = document_.nodes_[child];
      if (document_.nodes_.size() >= kMaxNodes)
        throw TreeError{copy.line, "too many merged values: split the document"};
      document_.nodes_.push_back(copy);
      child = static_cast<uint32_t>(document_.nodes_.size() - 1);
    }
    document_.nodes_[child].next = Document::kNone;
    auto& parent = document_.nodes_[map];
    account(document_.nodes_[child], parent);
    (last == Document::kNone ? parent.at : document_.nodes_[last].next) = child;
    last = child;
    ++parent.size;
  }
}

namespace {

// No law can break: the tree keeps them already.
void add_copy(const Tree& tree, TreeBuilder& builder) {
  switch (tree.type()) {
    case TreeType::kNull:
      return builder.null(tree.line());
    case TreeType::kScalar:
      return builder.scalar(tree.text(), tree.quoted(), tree.line());
    case TreeType::kSequence:
    case TreeType::kMap:
      break;
  }
  builder.begin(tree.type(), tree.line());
  for (const Tree child : tree) {
    if (tree.type() == TreeType::kMap) builder.scalar(child.key(), /*quoted=*/true, child.line());
    add_copy(child, builder);
  }
  builder.end();
}

}  // namespace

Document copy_of(const Tree& tree) {
  TreeBuilder builder;
  add_copy(tree, builder);
  return builder.take();
}

}  // namespace sluice::source::decode
