#include "agent/apps/sluiced_options.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

namespace sluice::apps {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Parsed = std::variant<SluicedOptions, Exit>;

Parsed parse(std::vector<const char*> arguments, const std::string& node_name = "host-1") {
  arguments.insert(arguments.begin(), "sluiced");
  return parse_sluiced(static_cast<int>(arguments.size()), arguments.data(), {node_name});
}

// A file with this text, gone at the end.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) : path_(::testing::TempDir() + "sluiced_options_test.yaml") {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::remove(path_.c_str()); }
  const char* path() const { return path_.c_str(); }

 private:
  std::string path_;
};

TEST(SluicedOptions, Defaults) {
  const auto options = std::get<SluicedOptions>(parse({}));
  EXPECT_EQ(options.manifests, "") << "through the control API";
  EXPECT_FALSE(options.socket_group || options.feeder_uid);
  EXPECT_FALSE(options.flows || options.flows_per_pod) << "as many as there were, or by the node's memory";
  EXPECT_EQ(options.node_name, "host-1");
  EXPECT_EQ(options.socket, "/run/sluice/sluice.sock");
  EXPECT_EQ(options.netns_dir, "/run/netns");
  EXPECT_EQ(options.default_verdict, "strict");
  EXPECT_EQ(options.mode, "enforce");
  EXPECT_EQ(options.bpffs, "/sys/fs/bpf/sluice");
  EXPECT_EQ(options.metrics, "127.0.0.1:9619");
}

TEST(SluicedOptions, OptionsWinOverTheConfigFileWhichWinsOverTheFallbacks) {
  const ConfigFile config("node-name: from-file\nmode: audit\nmanifests: /from-file\n");
  const auto options = std::get<SluicedOptions>(parse({"--config", config.path(), "--manifests", "/given"}));
  EXPECT_EQ(options.node_name, "from-file");
  EXPECT_EQ(options.mode, "audit");
  EXPECT_EQ(options.manifests, "/given");
}

TEST(SluicedOptions, LimitsOfWhatIsLearnt) {
  const ConfigFile config("dns-addresses: 5000\ndns-addresses-per-name: 100\n");
  const auto given = std::get<SluicedOptions>(parse({"--config", config.path(), "--dns-addresses", "64000"}));
  EXPECT_EQ(given.name_limits.addresses, 64'000u);
  EXPECT_EQ(given.name_limits.addresses_of_name, 100u);
  for (const char* option : {"--dns-addresses", "--dns-addresses-per-name"})
    for (const char* wrong : {"99", "64001", "many"})
      EXPECT_THAT(std::get<Exit>(parse({option, wrong})).output,
                  HasSubstr(" is no number of addresses: give one from 100 to 64000"))
          << option << " " << wrong;
}

TEST(SluicedOptions, BudgetsOfNamespaces) {
  const ConfigFile config("namespace-policies: 500\nnamespace-entries: 200\n");
  const auto given = std::get<SluicedOptions>(parse({"--config", config.path(), "--namespace-cidrs", "300"}));
  EXPECT_EQ(given.budget.policies, 500u);
  EXPECT_EQ(given.budget.entries, 200u);
  EXPECT_EQ(given.budget.cidrs, 300u);
  EXPECT_THAT(std::get<Exit>(parse({"--namespace-cidrs", "0"})).output,
              HasSubstr(" is no number of CIDRs: give one from 100 to 10000000"));
}

TEST(SluicedOptions, DnsServersAreOneOrAListOfThem) {
  const auto servers = [](const std::string& text) {
    const ConfigFile config("dns-server: " + text + "\n");
    return std::get<SluicedOptions>(parse({"--config", config.path()})).dns_servers;
  };
  EXPECT_EQ(servers("10.0.0.53"), std::vector<std::string>({"10.0.0.53"}));
  EXPECT_EQ(servers("[10.0.0.53, dns/own]"), std::vector<std::string>({"10.0.0.53", "dns/own"}));
  const auto given = std::get<SluicedOptions>(parse({"--dns-server", "fd00::53", "--dns-server", "dns/own"}));
  EXPECT_EQ(given.dns_servers, std::vector<std::string>({"fd00::53", "dns/own"}));
  EXPECT_EQ(given.dns_grace, 30u);
  EXPECT_EQ(given.name_limits.addresses, 64'000u);
  EXPECT_EQ(given.name_limits.addresses_of_name, 1'000u);
  EXPECT_THAT(std::get<Exit>(parse({"--dns-server", "none", "--dns-server", "10.0.0.53"})).output,
              HasSubstr("--dns-server: \"none\" stands beside other servers"));
}

TEST(SluicedOptions, WhatIsAcceptedFromEither) {
  const ConfigFile config("manifests: /m\naccept-cilium: true\ncluster: 10.0.0.0/8,fd00::/8\n");
  const std::vector<std::string> both = {"10.0.0.0/8", "fd00::/8"};
  for (const auto& options :
       {std::get<SluicedOptions>(parse({"--config", config.path()})),
        std::get<SluicedOptions>(parse({"--manifests", "/m", "--accept-cilium", "--cluster", both[0].c_str(),
                                        "--cluster", both[1].c_str()}))}) {
    EXPECT_TRUE(options.accepting.cilium);
    EXPECT_EQ(options.accepting.cluster, both);
  }
}

TEST(SluicedOptions, NewInterfacesAreOpenUnlessEitherSaysClosed) {
  const ConfigFile config("new-interfaces: closed\n");
  EXPECT_EQ(std::get<SluicedOptions>(parse({})).new_interfaces, "open");
  EXPECT_EQ(std::get<SluicedOptions>(parse({"--config", config.path()})).new_interfaces, "closed");
  EXPECT_EQ(
      std::get<SluicedOptions>(parse({"--config", config.path(), "--new-interfaces", "open"})).new_interfaces,
      "open");
}

TEST(SluicedOptions, FlowsFromEither) {
  const ConfigFile config("flows: 1048576\nflows-per-pod: 0\n");
  auto options = std::get<SluicedOptions>(parse({"--config", config.path()}));
  EXPECT_EQ(options.flows, 1048576u);
  EXPECT_EQ(options.flows_per_pod, 0u);
  options = std::get<SluicedOptions>(parse({"--flows", "16777216", "--flows-per-pod", "5000"}));
  EXPECT_EQ(options.flows, 16777216u);
  EXPECT_EQ(options.flows_per_pod, 5000u);
}

struct Row {
  const char* what;
  std::vector<const char*> arguments;
  const char* message;  // part of the one line
};

class WrongOptions : public ::testing::TestWithParam<Row> {};

TEST_P(WrongOptions, ExitTwoWithOneLine) {
  const auto exit = std::get<Exit>(parse(GetParam().arguments));
  EXPECT_EQ(exit.code, kExitUsage);
  EXPECT_THAT(exit.output, HasSubstr(GetParam().message));
  EXPECT_THAT(exit.output, Not(HasSubstr("\n")));
}

INSTANTIATE_TEST_SUITE_P(
    Apps, WrongOptions,
    ::testing::Values(
        Row{"dry_without_source", {"--dry-run"}, "give --manifests DIR"},
        Row{"feeder_without_group", {"--feeder-uid", "65532"}, "give --socket-group GID too"},
        Row{"wrong_uid", {"--feeder-uid", "-1"}, "--feeder-uid"},
        Row{"unknown_option", {"--nonsense"}, "--nonsense"},
        Row{"accept_without_source", {"--accept-cilium"}, "give --manifests DIR"},
        Row{"cluster_of_nothing_accepted",
            {"--manifests", "/m", "--cluster", "10.0.0.0/8"},
            "--accept-cilium"},
        Row{"wrong_cluster", {"--manifests", "/m", "--accept-cilium", "--cluster", "10.0.0"}, "--cluster"},
        Row{"stray_word", {"--manifests", "/m", "word"}, "word"},
        Row{"wrong_mode", {"--manifests", "/m", "--mode", "dry"}, "--mode"},
        Row{"wrong_metrics", {"--manifests", "/m", "--metrics", "9619"}, "127.0.0.1:9619"},
        Row{"wrong_attach", {"--manifests", "/m", "--attach", "xdp"}, "--attach"},
        Row{"wrong_log_level", {"--manifests", "/m", "--log-level", "loud"}, "--log-level"},
        Row{"too_few_flows",
            {"--flows", "262143"},
            "--flows: \"262143\" is no number of connections: give one from 262144 to 16777216"},
        Row{"too_many_flows", {"--flows", "16777217"}, "give one from 262144 to 16777216"},
        Row{"flows_of_a_unit", {"--flows", "1M"}, "--flows: \"1M\" is no number"},
        Row{"too_many_flows_per_pod",
            {"--flows-per-pod", "16777217"},
            "--flows-per-pod: \"16777217\" is no number of connections: give one from 0 to 16777216"},
        Row{"new_interfaces_that_stay_open",
            {"--new-interfaces", "closed", "--default-verdict", "permissive"},
            "--new-interfaces closed: give --default-verdict strict too"},
        Row{"wrong_new_interfaces", {"--new-interfaces", "shut"}, "--new-interfaces"},
        Row{"held_and_detached", {"--hold-new", "--detach"}, "only one"},
        Row{"both", {"--manifests", "/m", "--detach", "--dry-run"}, "only one"},
        Row{"two_acts", {"--preflight", "--detach"}, "only one"},
        Row{"no_such_config", {"--config", "/no/such/file"}, "/no/such/file: No such file"}),
    [](const auto& row) { return row.param.what; });

struct ConfigRow {
  const char* what;
  const char* text;
  const char* message;
};

class WrongConfig : public ::testing::TestWithParam<ConfigRow> {};

TEST_P(WrongConfig, NamesFileAndKey) {
  const ConfigFile config(GetParam().text);
  const auto exit = std::get<Exit>(parse({"--manifests", "/m", "--config", config.path()}));
  EXPECT_EQ(exit.code, kExitUsage);
  EXPECT_THAT(exit.output, HasSubstr(config.path()));
  EXPECT_THAT(exit.output, HasSubstr(GetParam().message));
  EXPECT_THAT(exit.output, Not(HasSubstr("\n")));
}

INSTANTIATE_TEST_SUITE_P(
    Apps, WrongConfig,
    ::testing::Values(ConfigRow{"unknown_key", "nodename: x\n", "nodename: unknown key"},
                      ConfigRow{"no_setting", "detach: true\n", "detach: unknown key"},
                      ConfigRow{"wrong_value", "mode: maybe\n", "mode: "},
                      ConfigRow{"wrong_number", "flows: 5\n", "flows: \"5\" is no number of connections"},
                      ConfigRow{"a_list", "mode: [audit]\n", "mode: give one value"},
                      ConfigRow{"no_map", "- mode\n", "is no map"},
                      ConfigRow{"twice", "mode: audit\nmode: enforce\n", "mode: is given twice"},
                      ConfigRow{"no_yaml", "mode: [\n", "line "}),
    [](const auto& row) { return row.param.what; });

TEST(SluicedOptions, HelpAndVersionGoToStandardOutput) {
  EXPECT_EQ(std::get<Exit>(parse({"--version"})).code, kExitDone);
  const auto help = std::get<Exit>(parse({"--help"}));
  EXPECT_EQ(help.code, kExitDone);
  for (const char* option :
       {"--node-name",    "--manifests",  "--socket",    "--netns-dir",     "--default-verdict",
        "--mode",         "--bpffs",      "--flows",     "--flows-per-pod", "--metrics",
        "--config",       "--detach",     "--dry-run",   "--preflight",     "--attach",
        "--socket-group", "--feeder-uid", "--log-level", "--log-format",    "--version"})
    EXPECT_THAT(help.output, HasSubstr(option));
}

}  // namespace
}  // namespace sluice::apps
