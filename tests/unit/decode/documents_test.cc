// What is a document, and which trees come out: rows of (text, printed tree).
#include "agent/source/decode/documents.h"

#include <gtest/gtest.h>

namespace sluice::source::decode {
namespace {

std::string print(const Tree& tree) {
  switch (tree.type()) {
    case TreeType::kNull:
      return "~";
    case TreeType::kScalar:
      return tree.quoted() ? "'" + std::string(tree.text()) + "'" : std::string(tree.text());
    case TreeType::kSequence:
    case TreeType::kMap:
      break;
  }
  bool map = tree.type() == TreeType::kMap;
  std::string text;
  for (Tree child : tree) {
    text += text.empty() ? "" : " ";
    if (map) text += std::string(child.key()) + ":";
    text += print(child);
  }
  return map ? "{" + text + "}" : "[" + text + "]";
}

// "1 {a:1}; 2 line 4: is not YAML"
std::string read(std::string_view bytes) {
  std::string text;
  for_each_document(bytes, [&](int number, const std::variant<Document, SyntaxError>& document) {
    text += (text.empty() ? "" : "; ") + std::to_string(number) + " ";
    if (const auto* error = std::get_if<SyntaxError>(&document))
      text += "line " + std::to_string(error->line) + ": " + error->message;
    else
      text += print(std::get<Document>(document).root());
  });
  return text;
}

struct Row {
  const char* what;
  std::string text;
  std::string expected;
};

TEST(Documents, YamlIsReadAsKubectlReadsIt) {
  const Row rows[] = {
      {"one map", "a: 1\nb: [x, y]\n", "1 {a:1 b:[x y]}"},
      {"quotes make strings", "a: \"80\"\nb: '80'\nc: 80\nd: |\n  x\ne: !!str 80\nf: !!int \"80\"\n",
       "1 {a:'80' b:'80' c:80 d:'x\n' e:'80' f:80}"},
      {"nulls", "a:\nb: ~\nc: null\nd: \"\"\n", "1 {a:~ b:~ c:~ d:''}"},
      {"several documents", "a: 1\n---\nb: 2\n--- {c: 3}\n", "1 {a:1}; 2 {b:2}; 3 {c:3}"},
      {"empty documents are not counted", "---\n# only a comment\n---\n\n---\na: 1\n---\n", "1 {a:1}"},
      {"nothing at all", "", ""},
      {"directives", "%YAML 1.2\n---\na: 1\n...\n---\nb: 1\n", "1 {a:1}; 2 {b:1}"},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a: 1\n",
       "1 {a:1}"},
      {"byte order mark before a later document", "a: 1\n\xEF\xBB\xBF---\nb: 2\n", "1 {a:1}; 2 {b:2}"},
      {"byte order mark behind the line that starts a document",
       "\xEF\xBB\xBF"
       "a: 1\n---\n\xEF\xBB\xBF"
       "b: 2\nc: 3\n---   # third\n\xEF\xBB\xBF{\"d\": 4}\n",
       "1 {a:1}; 2 {b:2 c:3}; 3 {d:4}"},
      {"a comment right behind the dashes", "---# 1\na: 1\n---# 2\nb: 2\n--- # 3\nc: 3\n---#",
       "1 {a:1}; 2 {b:2}; 3 {c:3}"},
      {"CRLF behind the dashes", "---\r\na: 1\r\n---# 2\r\nb: 2\r\n", "1 {a:1}; 2 {b:2}"},
      {"content behind the dashes", "--- a\n--- |\n  b\n--- &x\nc: 1\n", "1 a; 2 'b\n'; 3 {c:1}"},
      {"CRLF", "a: 1\r\nb:\r\n- x\r\n---\r\nc: 2\r\n", "1 {a:1 b:[x]}; 2 {c:2}"},
      {"dashes inside text do not split", "a: |\n  ---\n  x\nb: ---x\n", "1 {a:'---\nx\n' b:---x}"},
      {"anchors", "a: &x {k: 1}\nb: *x\n", "1 {a:{k:1} b:{k:1}}"},
      {"merge keys: own entries win", "base: &b {x: 1, z: 2}\nm:\n  <<: *b\n  z: 3\n",
       "1 {base:{x:1 z:2} m:{z:3 x:1}}"},
      {"merge keys: the first source wins", "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nm: {<<: [*a, *b]}\n",
       "1 {a:{x:1} b:{x:2 z:3} m:{x:1 z:3}}"},
      {"JSON in a stream of YAML", "{\"a\": \"1\"}\n---\n{b: 2}\n", "1 {a:'1'}; 2 {b:2}"},
      {"number keys are text", "80: x\n", "1 {80:x}"},
      {"boolean keys are those that kubectl makes of them", "y: a\n\"n\": b\nOff: c\nyess: d\n",
       "1 {true:a n:b false:c yess:d}"},
      {"text is no document of ours, but is read", "hello\n", "1 hello"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.text), row.expected) << row.what;
}

TEST(Documents, JsonIsReadValueByValue) {
  const Row rows[] = {
      {"types", R"({"a": "80", "b": 80, "c": true, "d": null, "e": [], "f": 1.5, "g": -3})",
       "1 {a:'80' b:80 c:true d:~ e:[] f:1.5 g:-3}"},
      {"one after the other", "{\"a\":1}\n{\"b\":2}", "1 {a:1}; 2 {b:2}"},
      {"on one line", "{\"a\":1}{\"b\":2}  {\"c\":3} # end", "1 {a:1}; 2 {b:2}; 3 {c:3}"},
      {"with dashes between", "{\"a\":1}\n---\n{\"b\":2}\n{\"c\":3}\n---\nd: 4\n",
       "1 {a:1}; 2 {b:2}; 3 {c:3}; 4 {d:4}"},
      {"tabs", "{\n\t\"a\": 1\n}\n", "1 {a:1}"},
      {"YAML that begins alike", "{\"a\": b}\n---\n{\"c\": d, }\n", "1 {a:b}; 2 {c:d}"},
      {"escapes", R"({"\u0061": "x\ny\u00e9"})", "1 {a:'x\ny\xC3\xA9'}"},
      {"no merge keys", R"({"<<": {"a": 1}})", "1 {<<:{a:1}}"},
      {"byte order mark", "\xEF\xBB\xBF{}", "1 {}"},
      {"18446744073709551615 keeps its digits", R"({"a": 18446744073709551615})",
       "1 {a:18446744073709551615}"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.text), row.expected) << row.what;
}

struct BadRow {
  const char* what;
  std::string text;
  std::string expected;  // part of what is read
};

TEST(Documents, FaultsNameTheirLineAndCostOnlyTheirDocument) {
  std::string deep_yaml, deep_json, laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 0; i < 70; ++i) deep_yaml += "- ", deep_json += "[";
  for (int i = 1; i < 10; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  const BadRow rows[] = {
      {"before and after are read", "a: 1\n---\nb: [\n---\nc: 3\n", "1 {a:1}; 2 line "},
      {"after", "a: 1\n---\nb: [\n---\nc: 3\n", "; 3 {c:3}"},
      {"line in the file", "a: 1\n---\nb: 1\nc: }\n", "2 line 4: is not YAML"},
      {"duplicate key", "a:\n  b: 1\n  b: 2\n", "line 3: the key \"b\" stands twice"},
      {"duplicate key, many",
       R"({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"a":2})",
       "the key \"a\" stands twice"},
      {"duplicate key JSON", "{\"a\": 1,\n\"a\": 2}", "line 2: the key \"a\" stands twice"},
      {"deep YAML", deep_yaml, "nested more than 64"},
      {"deep JSON", deep_json, "nested more than 64"},
      {"billion laughs", laughs, "with its aliases written out"},
      {"alias of itself", "a: &x [*x]\n", "inside the value that it names"},
      {"unknown alias", "a: *x\n", "line 1: the alias \"x\" names no anchor"},
      {"merge of no map", "m: {<<: 3}\n", "<< needs a map"},
      {"a map as key", "? {a: 1}\n: 2\n", "a key must be plain text"},
      {"custom tag", "a: !vault x\n", "has no meaning in a manifest"},
      {"end-of-file byte does not cut the file", std::string("a: 1\n\x04\nb: 2\n"),
       "line 2: holds the control character 4"},
      {"a template", "a: 1\n---\n# x\n{{- if .Values.on }}\nb: 2\n",
       "2 line 4: \"{{- if .Values.on }}\" is a template that was not rendered"},
      {"a template in a value", "a: 1\nname: {{ .Release.Name }}-lock\nc: 2\n",
       "1 line 2: \"name: {{ .Release.Name }}-lock\" is a template"},
      {"a template in JSON's words", "{\"a\": {{ .x }}}\n", "1 line 1: is not JSON"},
      {"a template of Jinja", "{% if on %}\na: 1\n{% endif %}\n", "1 line 1: \"{% if on %}\" is a template"},
      {"a template elsewhere is not the cause", "a: \"{{ x }}\"\nb: 1\nc: }\n",
       "1 line 3: is not YAML: did not find"},
      {"a tab as indentation", "a:\n\tb: 1\n", "1 line 2: is indented with a tab: write spaces"},
      {"a tab behind spaces", "a:\n  b: 1\n  \tc: 1\n", "a tab"},
      {"a tab that starts a value", "a: 1\nb: [\n\t@x]\n", "a tab"},
      {"a character that starts no value", "\xC3\xA9: 1\nb: @x\n",
       "1 line 2: is not YAML: \"@\" cannot start a value: put the value in quotes"},
      {"two objects in one document", "apiVersion: v1\nkind: Pod\n\napiVersion: v1\nkind: Pod\n",
       "1 line 4: the key \"apiVersion\" stands twice in one map: is a line \"---\" missing before it?"},
      {"but not below", "a:\n  kind: x\n  kind: y\n", "line 3: the key \"kind\" stands twice in one map"},
      {"NUL", std::string("a: \0", 4), "holds the control character 0"},
      {"not UTF-8", "a: 1\nb: \xff\n", "line 2: is not UTF-8"},
      {"overlong UTF-8", "b: \xc0\xaf\n", "is not UTF-8"},
      {"text after the end", "- a\nb: 2\n", "line "},
      {"half a JSON value", "{\"a\":1}\n{\"b\": [", "1 {a:1}; 2 line 2: ends in the middle"},
      {"behind JSON", "{\"a\":1}\nx\n---\nb: 1\n", "1 {a:1}; 2 line 2: is not JSON: syntax error; 3 {b:1}"},
      {"later JSON", "# x\n{\"a\":1}\n\n{\"a\":2}\n{\"a\": ]}\n", "3 line 5: is not JSON"},
      {"no JSON", "{\"a\":1}\n{b: 2}", "2 line 2: is not JSON"},
  };
  for (const BadRow& row : rows)
    EXPECT_NE(read(row.text).find(row.expected), std::string::npos) << row.what << ": " << read(row.text);
}

}  // namespace
}  // namespace sluice::source::decode
