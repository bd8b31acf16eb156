#include "agent/engine/eval_lines.h"

#include <gtest/gtest.h>

namespace sluice::engine {
namespace {

struct Row {
  const char* what;
  const char* line;
  const char* id;      // as JSON
  const char* result;  // the probe as text, or "error: …"
};

std::string result_of(const EvalLine& line) {
  return line.probe ? to_text(*line.probe) : "error: " + line.probe.error().message();
}

class EvalInput : public ::testing::TestWithParam<Row> {};

TEST_P(EvalInput, ReadsAloud) {
  const auto line = parse_eval_line(GetParam().line);
  EXPECT_EQ(line.id, GetParam().id);
  EXPECT_EQ(result_of(line), GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(
    Control, EvalInput,
    ::testing::Values(
        Row{"as documented", R"({"id":7,"from":"prod/web-1","to":"10.0.3.9","protocol":"TCP","port":443})",
            "7", "prod/web-1 -> 10.0.3.9 TCP/443"},
        Row{"text id", R"({"id":"a\"b","from":"a/b","to":"c/d","protocol":"UDP","port":53})", R"("a\"b")",
            "a/b -> c/d UDP/53"},
        Row{"id of any kind", R"({"id":{"x":[1,null]},"from":"a/b","to":"c/d","port":1})",
            R"({"x":[1,null]})", "a/b -> c/d TCP/1"},
        Row{"an id keeps its spelling", R"({ "id" : 1.10 , "from":"a/b","to":"c/d","port":1})", "1.10",
            "a/b -> c/d TCP/1"},
        Row{"an id that no number holds", R"({"from":"a/b","to":"c/d","port":1,"id":1e400})", "1e400",
            "a/b -> c/d TCP/1"},
        Row{"an id of 2 to the 64", R"({"id":18446744073709551616,"from":"a/b","to":"c/d","port":1})",
            "18446744073709551616", "a/b -> c/d TCP/1"},
        Row{"an id as negative zero", R"({"id":-0,"from":"a/b","to":"c/d","port":1})", "-0",
            "a/b -> c/d TCP/1"},
        Row{"an id with escapes", R"({"id":"\u0041\/\"}, ","from":"a/b","to":"c/d","port":1})",
            R"("\u0041\/\"}, ")", "a/b -> c/d TCP/1"},
        Row{"an id that nests",
            R"({"id":{"a": [1.0, {"id": "]"}], "b":{}},"from":"a/b","to":"c/d","port":1})",
            R"({"a": [1.0, {"id": "]"}], "b":{}})", "a/b -> c/d TCP/1"},
        Row{"a key with escapes", R"({"\u0069d":7,"from":"a/b","to":"c/d","p\u006frt":1})", "7",
            "a/b -> c/d TCP/1"},
        Row{"of two ids the last", R"({"id":1,"id":2.0,"from":"a/b","to":"c/d","port":1})", "2.0",
            "a/b -> c/d TCP/1"},
        Row{"an id of text that is an error", R"({"id":"x","from":"a/b"})", "\"x\"", "error: to: is missing"},
        Row{"a port that no number holds", R"({"id":1,"from":"a/b","to":"c/d","port":1e400})", "1",
            "error: port: is 1e400, give a whole number from 0 to 65535"},
        Row{"a port with a point", R"({"id":1,"from":"a/b","to":"c/d","port": 80.0 })", "1",
            "error: port: is 80.0, give a whole number from 0 to 65535"},
        Row{"no id", R"({"from":"a/b","to":"c/d","protocol":"ICMP"})", "null", "a/b -> c/d ICMP"},
        Row{"protocol as number", R"({"id":1,"from":"a/b","to":"fd00::1","protocol":47})", "1",
            "a/b -> fd00::1 47"},
        Row{"protocol number with ports", R"({"id":1,"from":"a/b","to":"c/d","protocol":6,"port":80})", "1",
            "a/b -> c/d TCP/80"},
        Row{"family", R"({"id":1,"from":"a/b","to":"c/d","port":80,"family":"IPv6"})", "1",
            "a/b -> c/d TCP/80 IPv6"},
        Row{"no JSON", "{\"id\":1", "null", "error: not JSON: incomplete JSON"},
        Row{"no object", "[1]", "null",
            "error: is not a JSON object: give {\"id\":…,\"from\":…,\"to\":…,\"protocol\":…}"},
        Row{"unknown key", R"({"id":1,"from":"a/b","to":"c/d","prot":"TCP"})", "1",
            "error: unknown key \"prot\": a probe has id, from, to, protocol, port and family"},
        Row{"no from", R"({"id":1,"to":"c/d","port":80})", "1", "error: from: is missing"},
        Row{"port too large", R"({"id":1,"from":"a/b","to":"c/d","port":65536})", "1",
            "error: port: is 65536, give a whole number from 0 to 65535"},
        Row{"port as text", R"({"id":1,"from":"a/b","to":"c/d","port":"80"})", "1",
            "error: port: is \"80\", give a whole number from 0 to 65535"},
        Row{"negative protocol", R"({"id":1,"from":"a/b","to":"c/d","protocol":-1})", "1",
            "error: protocol: is -1, give a whole number from 0 to 255"},
        Row{"family misspelt", R"({"id":1,"from":"a/b","to":"c/d","port":80,"family":"ipv4"})", "1",
            "error: family: is \"ipv4\", give \"IPv4\" or \"IPv6\""},
        Row{"from as number", R"({"id":1,"from":5,"to":"c/d","port":80})", "1",
            "error: from: is 5, give a text"}),
    [](const auto& row) {
      std::string name = row.param.what;
      for (char& c : name)
        if (c == ' ') c = '_';
      return name;
    });

TEST(EvalInput, ALongLineIsRefused) {
  EXPECT_EQ(result_of(parse_eval_line(std::string(kLongestEvalLine + 1, ' '))),
            "error: the line is longer than 65536 bytes");
}

TEST(EvalInput, DeepNestingIsRefused) {
  EXPECT_FALSE(parse_eval_line(std::string(10000, '[')).probe.ok());
}

TEST(EvalOutput, AnAnswer) {
  model::Answer answer;
  answer.egress = model::Side::kAllow;
  answer.ingress = model::Side::kDeny;
  answer.egress_rules = {"prod/p:egress[0]"};
  EXPECT_EQ(to_line("7", answer), R"({"id":7,"verdict":"deny","egress":"allow","ingress":"deny",)"
                                  R"("egress_rules":["prod/p:egress[0]"],"ingress_rules":[]})");
}

TEST(EvalOutput, AnError) {
  EXPECT_EQ(to_line("null", base::Error("no pod \"x\"")), R"({"id":null,"error":"no pod \"x\""})");
}

}  // namespace
}  // namespace sluice::engine
