// Network configurations of nodes, ours composed from them, and those that are refused.
#include "agent/cni/conf_list.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace sluice::cni {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

constexpr char kKindnet[] = R"({"cniVersion":"0.3.1","name":"kindnet","disableCheck":true,"plugins":[
  {"type":"ptp","ipMasq":false,"ipam":{"type":"host-local","ranges":[[{"subnet":"10.244.0.0/24"}]]},"mtu":1500},
  {"type":"portmap","capabilities":{"portMappings":true}}]})";

json::object composed(const Base& base, const Entry& entry = {}) {
  const auto bytes = compose(base, entry);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message();
  return bytes ? json::parse(*bytes).as_object() : json::object();
}

std::string types_of(const std::string& list) {
  std::string types;
  const json::value parsed = json::parse(list);
  for (const json::value& plugin : parsed.at("plugins").as_array())
    types += (types.empty() ? "" : " ") + std::string(plugin.at("type").as_string());
  return types;
}

TEST(ConfList, SluiceComesFirstAndLastAndAllElseStays) {
  json::object list = composed({"10-kindnet.conflist", kKindnet}, {"/s", "500ms", OnFailure::kPermissive});
  json::array& plugins = list["plugins"].as_array();
  ASSERT_EQ(plugins.size(), 4u);
  EXPECT_EQ(plugins.front(),
            json::parse(R"({"type": "sluice-cni", "gate": "close", "onFailure": "permissive"})"));
  const json::object ours = plugins.back().as_object();
  EXPECT_EQ(ours.at("type").as_string(), "sluice-cni");
  EXPECT_EQ(ours.at("socket").as_string(), "/s");
  EXPECT_EQ(ours.at("timeout").as_string(), "500ms");
  EXPECT_EQ(ours.at("onFailure").as_string(), "permissive");
  EXPECT_EQ(ours.at("gate").as_string(), "open");
  plugins.pop_back();
  plugins.erase(plugins.begin());
  EXPECT_EQ(json::value(list), json::parse(kKindnet));
}

TEST(ConfList, OnePluginBecomesAListOfOne) {
  const std::string bytes = R"({"cniVersion":"0.4.0","name":"br","type":"bridge","bridge":"cni0"})";
  for (const char* name : {"10-br.conf", "10-br.json"}) {
    const json::object list = composed({name, bytes});
    EXPECT_EQ(list.at("cniVersion").as_string(), "0.4.0");
    EXPECT_EQ(list.at("name").as_string(), "br");
    ASSERT_EQ(list.at("plugins").as_array().size(), 3u);
    EXPECT_EQ(list.at("plugins").as_array()[1], json::parse(bytes));
  }
}

TEST(ConfList, WithoutAGateSluiceComesLastAlone) {
  const Base base{"10-kindnet.conflist", kKindnet};
  Entry entry, other;
  entry.gate = false;
  json::object list = composed(base, entry);
  json::array& plugins = list["plugins"].as_array();
  ASSERT_EQ(plugins.size(), 3u);
  EXPECT_FALSE(plugins.back().as_object().contains("gate"));
  EXPECT_EQ(plugins.front().at("type").as_string(), "ptp");
  EXPECT_TRUE(is_composed_of(json::serialize(list), base, entry));
  EXPECT_FALSE(is_composed_of(json::serialize(list), base, other));
  plugins = composed(base, other)["plugins"].as_array();
  EXPECT_FALSE(is_composed_of(json::serialize(list), base, entry));
  EXPECT_TRUE(is_composed_of(json::serialize(list), base, other));
  plugins.erase(plugins.begin());
  EXPECT_FALSE(is_composed_of(json::serialize(list), base, other)) << "its gate was taken out";
}

struct VersionsRow {
  std::string base;      // what its versions are
  std::string composed;  // and what they become
};

TEST(ConfList, OnlyVersionsThatWeSpeakAreOfferedAndTheHighestIsTaken) {
  const std::vector<VersionsRow> rows{
      {R"("cniVersion":"1.1.0")", R"("cniVersion":"1.1.0")"},
      {R"("cniVersion":"1.0.0","cniVersions":["0.4.0","1.0.0","1.1.0","1.2.0"])",
       R"("cniVersion":"1.0.0","cniVersions":["0.4.0","1.0.0","1.1.0"])"},
      {R"("cniVersion":"1.0.0","cniVersions":["9.0.0"])", R"("cniVersion":"1.0.0")"},
      {R"("cniVersion":"1.2.0","cniVersions":["1.1.0","1.2.0","0.4.0"])",
       R"("cniVersion":"1.1.0","cniVersions":["1.1.0","0.4.0"])"},
      {R"("cniVersions":["0.4.0","1.0.0"])", R"("cniVersions":["0.4.0","1.0.0"],"cniVersion":"1.0.0")"},
  };
  for (const VersionsRow& row : rows) {
    json::object list =
        composed({"10-n.conflist", "{" + row.base + R"(,"name":"n","plugins":[{"type":"ptp"}]})"});
    const json::object wanted = json::parse("{" + row.composed + "}").as_object();
    for (const char* key : {"cniVersion", "cniVersions"}) {
      EXPECT_EQ(list.contains(key), wanted.contains(key)) << row.base;
      if (wanted.contains(key)) {
        EXPECT_EQ(list[key], wanted.at(key)) << row.base;
      }
    }
  }
}

struct BadRow {
  std::string name, bytes, message;
};

TEST(ConfList, HostileBasesAreRefused) {
  const std::string head = R"({"cniVersion":"1.0.0","name":"n",)";
  const std::vector<BadRow> rows{
      {"a.conflist", "", "is no JSON"},
      {"a.conflist", "{\"cniVersion\":\"1.0", "is no JSON"},
      {"a.conflist", "null", "is no JSON object"},
      {"a.conflist", std::string(3, '\0'), "is no JSON"},
      {"a.conflist", head + "\"x\":" + std::string(200, '[') + std::string(200, ']') + "}", "is no JSON"},
      {"a.conflist", head + "\"x\":\"" + std::string(kLargestConfig, 'x') + "\"}", "more than 1048576 bytes"},
      {"a.conflist",
       head + R"("plugins":[{"type":"ptp","x":")" + std::string(kLargestConfig - 100, 'x') + "\"}]}",
       "with sluice-cni in it: has more than"},
      {"a.conflist", R"({"name":"n","plugins":[{"type":"ptp"}]})", "cniVersion \"\""},
      {"a.conflist", R"({"cniVersion":"1.2.0","name":"n","plugins":[{"type":"ptp"}]})",
       "cniVersion \"1.2.0\""},
      {"a.conflist", R"({"cniVersion":7,"cniVersions":["1.0.0"],"name":"n","plugins":[{"type":"ptp"}]})",
       "cniVersion: must be text"},
      {"a.conflist", head + R"("cniVersions":["1.0.0",1.1],"plugins":[{"type":"ptp"}]})",
       "cniVersions: must be a list of texts"},
      {"a.conflist", R"({"cniVersion":"1.0.0","plugins":[{"type":"ptp"}]})", "name \"\""},
      {"a.conflist", R"({"cniVersion":"1.0.0","name":"../x","plugins":[{"type":"ptp"}]})", "name \"../x\""},
      {"a.conflist", R"({"cniVersion":"1.0.0","name":7,"plugins":[{"type":"ptp"}]})", "name: must be text"},
      {"a.conflist", head + R"("type":"ptp"})", "plugins: must be a list"},
      {"a.conflist", head + R"("plugins":[]})", "plugins: must be a list of at least one"},
      {"a.conflist", head + R"("plugins":{}})", "plugins: must be a list"},
      {"a.conflist", head + R"("plugins":["ptp"]})", "plugins[0]: must be an object"},
      {"a.conflist", head + R"("plugins":[{"type":"ptp"},{}]})", "plugins[1]: type \"\""},
      {"a.conflist", head + R"("plugins":[{"type":"/bin/sh"}]})", "plugins[0]: type \"/bin/sh\""},
      {"a.conflist", head + R"("plugins":[{"type":7}]})", "plugins[0]: type: must be text"},
      {"a.conflist", head + R"("plugins":[{"type":"ptp"},{"type":"sluice-cni"}]})",
       "sluice-cni stands in it already"},
      {"a.conflist", head + R"("cniVersions":"1.0.0","plugins":[{"type":"ptp"}]})",
       "cniVersions: must be a list"},
      {"a.conf", head + R"("plugins":[{"type":"ptp"}]})", "must have a file name that ends in .conflist"},
      {"a.conf", head + R"("x":1})", "plugins[0]: type \"\""},
      {"a.conf", head + R"("type":"ptp","x":)" + std::string(30, '[') + std::string(30, ']') + "}",
       "with sluice-cni in it: is no JSON"},
  };
  for (const BadRow& row : rows) {
    const auto bytes = compose({row.name, row.bytes}, {});
    ASSERT_FALSE(bytes.ok()) << row.bytes.substr(0, 80);
    EXPECT_THAT(bytes.error().message(), HasSubstr(row.message)) << row.bytes.substr(0, 80);
  }
}

TEST(ConfList, IsDueAgainWhenBaseOrOptionsChange) {
  const Base base{"10-kindnet.conflist", kKindnet};
  const std::string ours = *compose(base, {});
  EXPECT_TRUE(is_composed_of(ours, base, {}));
  EXPECT_FALSE(is_composed_of(ours, {"11-kindnet.conflist", kKindnet}, {}));
  EXPECT_FALSE(is_composed_of(ours, {base.name, base.bytes + " "}, {}));
  EXPECT_FALSE(is_composed_of(ours, base, {"/other.sock"}));
  EXPECT_FALSE(is_composed_of(kKindnet, base, {}));
  EXPECT_FALSE(is_composed_of(ours.substr(0, ours.size() / 2), base, {}));
  EXPECT_FALSE(is_composed_of("", base, {}));
}

TEST(ConfList, WhatOthersAddToOursStays) {
  const Base base{"10-kindnet.conflist", kKindnet};
  json::value ours = json::parse(*compose(base, {}));
  ours.as_object()["plugins"].as_array().push_back(json::object{{"type", "istio-cni"}});
  EXPECT_TRUE(is_composed_of(json::serialize(ours), base, {}));
}

// By hand in front of the bandwidth plugin, in a base; added behind ours by somebody, in what we wrote.
TEST(ConfList, SluiceStandsBehindTheBandwidthPlugin) {
  const std::string head = R"({"cniVersion":"1.0.0","name":"n","plugins":[)",
                    shaped = R"({"type":"bandwidth"})";
  const std::string by_hand = R"({"type":"sluice-cni","gate":"close"},{"type":"ptp"},{"type":"sluice-cni"},)";
  const std::string wrong = head + by_hand + shaped + R"(,{"type":"portmap"}]})";
  EXPECT_TRUE(precedes_bandwidth(wrong));
  const std::string ours = *compose({"a.conflist", wrong}, {});
  EXPECT_EQ(types_of(ours), "sluice-cni ptp bandwidth portmap sluice-cni");
  EXPECT_FALSE(precedes_bandwidth(ours)) << "the gate's entry may";

  const Base base{"a.conflist", head + R"({"type":"ptp"}]})"};
  json::object added = composed(base);
  added["plugins"].as_array().push_back(json::parse(shaped));
  added["plugins"].as_array().push_back(json::parse(R"({"type":"mesh"})"));
  const std::string others = json::serialize(added);
  EXPECT_TRUE(precedes_bandwidth(others));
  const std::string mended = *put_last(others);
  EXPECT_EQ(types_of(mended), "sluice-cni ptp bandwidth mesh sluice-cni");
  EXPECT_FALSE(precedes_bandwidth(mended));
  EXPECT_TRUE(is_composed_of(mended, base, {}));
}

TEST(ConfList, OnlyTheBandwidthPluginHasToComeFirst) {
  for (const char* bytes : {"", "[]", R"({"plugins":7})", R"({"plugins":[7,{"type":"bandwidth"}]})",
                            R"({"plugins":[{"type":"bandwidth"},{"type":"sluice-cni"}]})",
                            R"({"plugins":[{"type":"sluice-cni"},{"type":"mesh"}]})"})
    EXPECT_FALSE(precedes_bandwidth(bytes)) << bytes;
  EXPECT_FALSE(put_last("no JSON").ok());
}

TEST(ConfList, KnowsWhatRuntimesRead) {
  for (const char* name : {"10-a.conflist", "10-a.conf", "x.json", ".conf"})
    EXPECT_TRUE(is_configuration_name(name));
  for (const char* name : {"10-a.conflist~", "a.conf.bak", "README", ".05-sluice.conflist.tmp", ""})
    EXPECT_FALSE(is_configuration_name(name)) << name;
}

}  // namespace
}  // namespace sluice::cni
