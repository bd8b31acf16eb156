#include "agent/explain/object_text.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "agent/source/decode/decode.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::explain {
namespace {

// Law: what is written is read back as the same policy, from YAML and from JSON.
TEST(ObjectText, PoliciesAreReadBack) {
  size_t policies = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed)
    for (const auto& [name, policy] : oracle::random_cluster(seed, 12).policies) {
      ++policies;
      const auto object = to_json_object(policy);
      for (const std::string& text : {to_yaml_document(object), to_indented_json(object)}) {
        const auto decoded = source::decode::decode(text, "f");
        ASSERT_EQ(decoded.objects.size(), 1u) << text;
        EXPECT_EQ(std::get<model::NetworkPolicy>(decoded.objects[0].object), policy) << text;
      }
    }
  EXPECT_GT(policies, 300u);
}

TEST(ObjectText, TextsThatYamlWouldReadAsSomethingElse) {
  EXPECT_EQ(to_yaml_document(
                boost::json::parse(R"({"a": "yes", "b": "1", "c": "", "d": 1, "e": [], "f": {}, "g": "a: b",
                                                   "h": "~", "i": true, "j": "null", "k": "x/y-z.w"})")),
            "a: \"yes\"\nb: \"1\"\nc: \"\"\nd: 1\ne: []\nf: {}\ng: \"a: b\"\nh: \"~\"\ni: true\nj: "
            "\"null\"\nk: x/y-z.w\n");
}

TEST(ObjectText, IndentedJson) {
  EXPECT_EQ(to_indented_json(boost::json::parse(R"({"a": [1, {"b": "c"}], "d": [], "e": {}})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\"\n    }\n  ],\n  \"d\": [],\n  \"e\": {}\n}\n");
}

}  // namespace
}  // namespace sluice::explain
