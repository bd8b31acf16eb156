// Calico's selectors: what they say in label selectors, and what is refused.
#include "agent/convert/calico_selector.h"

#include <gtest/gtest.h>

#include "agent/model/selector_text.h"

namespace sluice::convert {
namespace {

std::string said(const std::string& text) {
  const auto read = parse_selector(text);
  if (!read) return "error " + read.error().message();
  if (!read->why_not.empty()) return "cannot " + read->why_not;
  std::string all;
  for (const model::LabelSelector& one : read->any_of)
    all += (all.empty() ? "" : " | ") + (one.requirements.empty() ? "all" : model::to_text(one));
  return all.empty() ? "nothing" : all;
}

TEST(CalicoSelectors, Say) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "all"},
      {"all()", "all"},
      {"! all()", "nothing"},
      {"a == 'b'", "a=b"},
      {"a==\"b\"", "a=b"},
      {"a != 'b'", "a!=b"},
      {"a in {'b', \"c\"}", "a in (b,c)"},
      {"a not in {'b','c'}", "a notin (b,c)"},
      {"has(a/b)", "a/b"},
      {"!has(a)", "!a"},
      {"a == 'b' && has(c)", "a=b,c"},
      {"a == 'b' || has(c)", "a=b | c"},
      {"(a == 'b' || has(c)) && d == 'e'", "a=b,d=e | c,d=e"},
      {"!(a == 'b' || has(c))", "a!=b,!c"},
      {"!(a == 'b' && has(c))", "a!=b | !c"},
      {"!!has(a)", "a"},
      {"a == 'has space'", "nothing"},
      {"a != 'has space'", "all"},
      {"a in {}", "nothing"},
      {"inner == 'b'", "inner=b"},
      {"a starts with 'b'", "cannot a part of a label's value (starts) cannot be selected"},
      {"a contains 'b' || has(c)", "cannot a part of a label's value (contains) cannot be selected"},
      {"a == b", "error at \"b\": a text in quotes is due"},
      {"a ==", "error at \"\": a text in quotes is due"},
      {"a == 'b' c", "error at \"c\": an operator is due"},
      {"(a == 'b'", "error at \"\": \")\" is due"},
      {"a not 'b'", "error at \"'b'\": in is due"},
      {"a", "error at \"\": ==, !=, in, not in or another operator is due"},
      {"some()", "error at \"\": has(LABEL), all() or global() is due"},
      {"-a == 'b'", "error \"-a\" is no label of Kubernetes"}};
  for (const auto& [text, wanted] : rows) EXPECT_EQ(said(text), wanted) << text;
}

TEST(CalicoSelectors, GlobalStandsAlone) {
  for (const char* text : {"global()", " global( ) ", "((global()))"}) {
    const auto read = parse_selector(text);
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_TRUE(read->global) << text;
  }
  for (const char* text : {"!global()", "!!global()", "!(global())", "global() && a == 'b'",
                           "a == 'b' && global()", "global() || a == 'b'", "has(a) || !global()",
                           "global() && all()", "global() || global()", "global() || a contains 'b'"})
    EXPECT_EQ(said(text), "error holds global() beside other words: only global() alone can be read") << text;
}

TEST(CalicoSelectors, AreBounded) {
  EXPECT_FALSE(parse_selector(std::string(kLongestSelector + 1, ' ')).ok());
  EXPECT_FALSE(parse_selector(std::string(100, '(') + "all()" + std::string(100, ')')).ok());
  EXPECT_FALSE(parse_selector(std::string(3000, '!') + "all()").ok());
  std::string wide = "(has(a0) || has(b0))";
  for (int i = 1; i < 10; ++i)
    wide += " && (has(a" + std::to_string(i) + ") || has(b" + std::to_string(i) + "))";
  EXPECT_TRUE(said(wide).starts_with("cannot it has too many alternatives"));
}

}  // namespace
}  // namespace sluice::convert
