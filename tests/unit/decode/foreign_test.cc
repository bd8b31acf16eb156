// Foreign objects: which documents are, how each is named, and that its copy is what was written.
#include "agent/source/decode/foreign.h"

#include <gtest/gtest.h>

#include "agent/source/decode/decode.h"
#include "agent/source/decode/tree_builder.h"

namespace sluice::source::decode {
namespace {

// Takes x.io Guests, and Clouds, which have no namespace.
class Taker : public Translator {
 public:
  ForeignKind read_kind(const std::string& api_version, const std::string& kind) const override {
    if (api_version != "x.io/v1") return {};
    if (kind == "Guest" || kind == "Cloud") return {true, kind == "Guest", {}};
    return {false, false, kind == "Geust" ? "did you mean Guest?" : ""};
  }
  std::vector<ForeignResource> resources() const override { return {}; }
  bool keeps(const model::ObjectId&) const override { return false; }
  std::vector<model::Change> apply(std::vector<model::Change> own,
                                   const std::vector<ForeignChange>&) override {
    return own;
  }
  std::vector<Problem> problems() const override { return {}; }
  std::vector<Warning> warnings() const override { return {}; }
  uint64_t remarks_version() const override { return 0; }
  std::vector<std::pair<model::ObjectId, const ForeignObject*>> made() const override { return {}; }
};

std::string names(const Decoded& decoded) {
  std::string text;
  for (const ForeignObject& one : decoded.foreign)
    text += (text.empty() ? "" : ", ") + one.id.to_text() + " line " + std::to_string(one.place.line);
  return text;
}

std::string text_of(const Tree& tree) {
  std::string text;
  if (tree.type() == TreeType::kScalar) text = (tree.quoted() ? "'" : "") + std::string(tree.text());
  for (const Tree child : tree) text += "(" + std::string(child.key()) + " " + text_of(child) + ")";
  return text + "@" + std::to_string(tree.line());
}

TEST(Foreign, WhatTheTranslatorTakesIsReadByNobodyElse) {
  const Taker taker;
  const std::string text =
      "apiVersion: x.io/v1\nkind: Guest\nmetadata: {name: a, namespace: shop}\n---\n"
      "apiVersion: x.io/v1\nkind: GuestList\nitems:\n- metadata: {name: b}\n---\n"
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: x.io/v1, kind: Cloud, metadata: {name: c, "
      "namespace: "
      "z}}\n---\n"
      "apiVersion: x.io/v1\nkind: Geust\nmetadata: {name: d}\n---\n"
      "apiVersion: x.io/v1\nkind: Guest\nmetadata: {}\n---\n"
      "apiVersion: x.io/v1\nkind: Other\nmetadata: {name: e}\n";
  const Decoded decoded = decode(text, "f", Wanted::kObjects, &taker);
  EXPECT_EQ(names(decoded), "Guest shop/a line 1, Guest default/b line 8, Cloud c line 13");
  ASSERT_EQ(decoded.problems.size(), 2u);
  EXPECT_EQ(decoded.problems[0].to_text(), "f: document 4: kind: did you mean Guest?");
  EXPECT_NE(decoded.problems[1].to_text().find("metadata.name"), std::string::npos);
  EXPECT_FALSE(decoded.complete) << "an object without a name may be any";
  EXPECT_EQ(decoded.skipped.at("Other"), 1u);
  EXPECT_EQ(names(decode(text, "f")), "") << "nobody takes them";
}

TEST(Foreign, ACopyIsTheSame) {
  const auto parsed = parse_yaml_document(
      "a: &x {b: [1, '2', ~], \"true\": yes}\nc: *x\nd:\n  <<: *x\n  e: |\n    text\n", 1);
  const auto* document = std::get_if<Document>(&parsed);
  ASSERT_NE(document, nullptr);
  const Document copy = copy_of(document->root());
  EXPECT_EQ(text_of(copy.root()), text_of(document->root()));
}

}  // namespace
}  // namespace sluice::source::decode
