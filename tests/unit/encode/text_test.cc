#include "agent/source/encode/text.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace sluice::source::encode {
namespace {

TEST(Text, WhatYamlWouldReadAsSomethingElse) {
  EXPECT_EQ(to_yaml_document(
                boost::json::parse(R"({"a": "yes", "b": "1", "c": "", "d": 1, "e": [], "f": {}, "g": "a: b",
                                                   "h": "~", "i": true, "j": "null", "k": "x/y-z.w"})")),
            "a: \"yes\"\nb: \"1\"\nc: \"\"\nd: 1\ne: []\nf: {}\ng: \"a: b\"\nh: \"~\"\ni: true\nj: "
            "\"null\"\nk: x/y-z.w\n");
}

TEST(Text, IndentedJson) {
  EXPECT_EQ(to_indented_json(boost::json::parse(R"({"a": [1, {"b": "c"}], "d": [], "e": {}})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\"\n    }\n  ],\n  \"d\": [],\n  \"e\": {}\n}\n");
}

}  // namespace
}  // namespace sluice::source::encode
