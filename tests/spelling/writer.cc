#include "tests/spelling/writer.h"

#include <algorithm>

namespace sluice::spelling {

using source::decode::Tree;
using source::decode::TreeType;

namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

bool is_empty(const Tree& tree) {
  return tree.type() != TreeType::kScalar && tree.size() == 0;
}

}  // namespace

std::string Writer::object(const Tree& object, Style style) {
  begin_document();
  return item(object, false, style, 0);
}

std::string Writer::item(const Tree& object, bool leaves_out_kind, Style style, size_t indent) {
  kind_ = object.find("kind").text();
  std::vector<Tree> entries = entries_of(object);
  if (leaves_out_kind)
    std::erase_if(entries, [](const Tree& one) { return one.key() == "kind" || one.key() == "apiVersion"; });
  return map(entries, style, indent);
}

std::string Writer::list(const std::vector<Tree>& objects, Style style) {
  begin_document();
  const std::string kind(objects[0].find("kind").text());
  const bool is_typed = std::all_of(objects.begin(), objects.end(),
                                    [&](const Tree& one) { return one.find("kind").text() == kind; }) &&
                        random_.chance(70);
  const std::string version = is_typed ? std::string(objects[0].find("apiVersion").text()) : "v1";
  const std::string name = is_typed ? kind + "List" : "List";
  const bool leaves_out_kind = is_typed && random_.chance(60);
  if (style == Style::kBlock) {
    std::string text =
        "apiVersion: " + version + line_end() + "kind: " + name + line_end() + "items:" + line_end();
    for (const Tree& one : objects) text += "-\n" + item(one, leaves_out_kind, style, 2);
    return text;
  }
  std::vector<std::string> items;
  for (const Tree& one : objects) items.push_back(item(one, leaves_out_kind, style, 0));
  const auto field = [&](std::string_view key, const std::string& value) {
    return spell_text(random_, key, style) + ": " + value;
  };
  return flow({field("apiVersion", spell_text(random_, version, style)),
               field("kind", spell_text(random_, name, style)), field("items", flow(items, '[', ']', style))},
              '{', '}', style) +
         (style == Style::kJson ? "" : "\n");
}

// In any order. A protocol that is TCP need not be said; a container's and a Service's may be empty.
std::vector<Tree> Writer::entries_of(const Tree& map) {
  std::vector<Tree> entries;
  for (const Tree child : map)
    if (child.key() != "protocol" || child.text() != "TCP" || random_.chance(70)) entries.push_back(child);
  for (size_t left = entries.size(); left > 1; --left)
    std::swap(entries[left - 1], entries[random_.below(left)]);
  return entries;
}

std::string Writer::write(const Tree& tree, Style style, size_t indent) {
  switch (tree.type()) {
    case TreeType::kNull:
      return "null";
    case TreeType::kScalar:
      return scalar(tree, style);
    case TreeType::kSequence:
      return sequence(tree, style, indent);
    case TreeType::kMap:
      return map(entries_of(tree), style, indent);
  }
  return "";
}

std::string Writer::line_end() {
  return random_.chance(6) ? "   # said beside it\n" : "\n";
}

// As an entry of a block: on the line of its key, or below it and further in.
std::string Writer::block_value(const Tree& value, size_t indent) {
  if (value.type() == TreeType::kScalar) {
    const std::string text(value.text());
    const bool is_text = value.quoted() && !text.empty() && random_.chance(10);
    if (is_text) return random_.pick({" |-\n", " >-\n"}) + std::string(indent + 2, ' ') + text + "\n";
    return " " + scalar(value, Style::kBlock) + line_end();
  }
  if (is_empty(value) || random_.chance(30)) return " " + write(value, Style::kFlow, 0) + line_end();
  const bool may_stand_out = value.type() == TreeType::kSequence;
  const size_t further = may_stand_out && random_.chance(50) ? 0 : random_.pick<size_t>({1, 2, 4});
  return line_end() + write(value, Style::kBlock, indent + further);
}

std::string Writer::entry(const Tree& value, Style style, size_t indent) {
  const std::string key = spell_text(random_, value.key(), style);
  if (style == Style::kBlock) return std::string(indent, ' ') + key + ":" + block_value(value, indent);
  return key + (style == Style::kJson && random_.chance(50) ? ":" : ": ") + write(value, style, 0);
}

std::string Writer::map(const std::vector<Tree>& entries, Style style, size_t indent) {
  std::vector<std::string> parts;
  size_t merged = 0;
  if (style != Style::kJson && entries.size() > 1 && random_.chance(5)) {
    merged = 1 + random_.below(entries.size() - 1);
    const std::string source =
        map({entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(merged)}, Style::kFlow, 0);
    parts.push_back(style == Style::kBlock ? std::string(indent, ' ') + "<<: " + source + line_end()
                                           : "<<: " + source);
  }
  for (size_t i = merged; i < entries.size(); ++i) parts.push_back(entry(entries[i], style, indent));
  if (style != Style::kBlock) return flow(parts, '{', '}', style);
  if (parts.empty()) return std::string(indent, ' ') + "{}\n";
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

std::string Writer::sequence(const Tree& tree, Style style, size_t indent) {
  std::vector<std::string> parts;
  if (style != Style::kBlock) {
    for (const Tree child : tree) parts.push_back(write(child, style, 0));
    return flow(parts, '[', ']', style);
  }
  std::string text;
  for (const Tree child : tree) {
    text += std::string(indent, ' ') + "-";
    if (child.type() == TreeType::kScalar || is_empty(child) || random_.chance(30)) {
      text += " " + write(child, Style::kFlow, 0) + line_end();
      continue;
    }
    const std::string below = write(child, Style::kBlock, indent + 2);
    text += random_.chance(50) ? "\n" + below : " " + below.substr(indent + 2);
  }
  return text;
}

std::string Writer::flow(const std::vector<std::string>& parts, char open, char close, Style style) {
  const std::string blank =
      style == Style::kJson ? random_.pick({"", " ", "\t", "\n"}) : random_.pick({"", " "});
  std::string text = open + blank;
  for (const std::string& part : parts) text += (text.size() > 1 + blank.size() ? ", " : "") + part;
  if (style != Style::kJson && !parts.empty() && random_.chance(10)) text += " ,";
  return text + blank + close;
}

// The same text a second time may be told by the first.
std::string Writer::anchored(const std::string& text, Style style) {
  if (const auto found = anchors_.find(text); found != anchors_.end()) return "*" + found->second + " ";
  const std::string name = anchors_[text] = "a" + std::to_string(anchors_.size());
  return "&" + name + " " + spell_text(random_, text, style);
}

std::string Writer::scalar(const Tree& tree, Style style) {
  const std::string text(tree.text());
  if (!tree.quoted() && is_digits(text)) return spell_number(random_, text, style);
  if (!tree.quoted() && (text == "true" || text == "false"))
    return spell_boolean(random_, text == "true", style);
  const bool has_default = kind_ == "Pod" || kind_ == "Service";
  if (tree.key() == "protocol" && text == "TCP" && has_default && random_.chance(40))
    return spell_text(random_, "", style);
  const std::string spelled = spell_address(random_, text);
  if (spelled == text && style != Style::kJson && random_.chance(8)) return anchored(text, style);
  return spell_text(random_, spelled, style);
}

}  // namespace sluice::spelling
