// Environments, and what call they make.
#include "agent/cni/call.h"

#include <gmock/gmock.h>

#include <map>

namespace sluice::cni {
namespace {

using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Environment environment(const Variables& variables) {
  return [variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

Variables whole() {
  return {{"CNI_CONTAINERID", "c0ffee"}, {"CNI_IFNAME", "eth0"}, {"CNI_NETNS", "/run/netns/a"}};
}

TEST(Call, IsReadWhole) {
  Variables variables = whole();
  variables["CNI_ARGS"] =
      "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1;K8S_POD_INFRA_CONTAINER_ID=c0ffee;"
      "K8S_POD_UID=9bd8;OTHER=x=y";
  const auto call = read_call(Command::kAdd, environment(variables));
  ASSERT_TRUE(call.ok()) << call.error().message();
  EXPECT_EQ(call->container_id, "c0ffee");
  EXPECT_EQ(call->ifname, "eth0");
  EXPECT_EQ(call->netns, "/run/netns/a");
  EXPECT_EQ(call->pod, (PodIdentity{"shop", "web-1", "9bd8"}));
}

TEST(Call, NamesItsCommand) {
  const std::vector<std::pair<std::string, Command>> rows{
      {"ADD", Command::kAdd}, {"DEL", Command::kDel},       {"CHECK", Command::kCheck},
      {"GC", Command::kGc},   {"STATUS", Command::kStatus}, {"VERSION", Command::kVersion}};
  for (const auto& [text, command] : rows) {
    const auto read = read_command(environment({{"CNI_COMMAND", text}}));
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_EQ(*read, command);
  }
  for (const char* text : {"", "add", "gc", "INIT", "ADD "})
    EXPECT_FALSE(read_command(environment({{"CNI_COMMAND", text}})).ok()) << text;
  EXPECT_FALSE(read_command(environment({})).ok());
}

struct BadRow {
  const char *name, *value, *message;
};

TEST(Call, WhatIsWrongIsNamed) {
  const std::vector<BadRow> rows{
      {"CNI_CONTAINERID", "", "CNI_CONTAINERID"},
      {"CNI_CONTAINERID", "../etc", "CNI_CONTAINERID"},
      {"CNI_CONTAINERID", "a b", "CNI_CONTAINERID"},
      {"CNI_CONTAINERID", "-a", "CNI_CONTAINERID"},
      {"CNI_IFNAME", "", "CNI_IFNAME"},
      {"CNI_IFNAME", "..", "CNI_IFNAME"},
      {"CNI_IFNAME", "a/b", "CNI_IFNAME"},
      {"CNI_IFNAME", "a:b", "CNI_IFNAME"},
      {"CNI_IFNAME", "sixteen-letters-", "CNI_IFNAME"},
      {"CNI_NETNS", "", "CNI_NETNS: is missing"},
      {"CNI_ARGS", "K8S_POD_NAME", "\"K8S_POD_NAME\" is no KEY=VALUE"},
      {"CNI_ARGS", "=x", "is no KEY=VALUE"},
      {"CNI_ARGS", "two\nlines", "\"two\\x0alines\" is no KEY=VALUE"},
      {"CNI_CONTAINERID", "two\nlines", "CNI_CONTAINERID \"two\\x0alines\""},
      {"CNI_ARGS", "IgnoreUnknown=perhaps", "must be true or false"},
      {"CNI_ARGS", "FOO=1;K8S_POD_NAME=x", "FOO: unknown key"},
      {"CNI_ARGS", "FOO=1;IgnoreUnknown=false", "FOO: unknown key"},
  };
  for (const BadRow& row : rows) {
    Variables variables = whole();
    variables[row.name] = row.value;
    for (const Command command : {Command::kAdd, Command::kCheck}) {
      const auto call = read_call(command, environment(variables));
      ASSERT_FALSE(call.ok()) << row.name << "=" << row.value;
      EXPECT_THAT(call.error().message(), HasSubstr(row.message));
    }
  }
}

TEST(Call, DelAsksOnlyForContainerAndInterface) {
  Variables variables = whole();
  variables.erase("CNI_NETNS");
  variables["CNI_ARGS"] = "nonsense";
  EXPECT_TRUE(read_call(Command::kDel, environment(variables)).ok());
  variables.erase("CNI_IFNAME");
  EXPECT_FALSE(read_call(Command::kDel, environment(variables)).ok());
}

TEST(Call, WhatIsOfTheNetworkAsksForNoContainer) {
  for (const Command command : {Command::kVersion, Command::kGc, Command::kStatus})
    EXPECT_TRUE(read_call(command, environment({})).ok());
}

TEST(Call, ArgumentsMayBeEmptyOrEndInASemicolon) {
  for (const char* text : {"", ";", "K8S_POD_UID=;", "IgnoreUnknown=true;X=1;"})
    EXPECT_TRUE(parse_arguments(text).ok()) << text;
}

}  // namespace
}  // namespace sluice::cni
