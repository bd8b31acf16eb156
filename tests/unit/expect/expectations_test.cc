#include "agent/expect/expectations.h"

#include <gtest/gtest.h>

#include "tests/oracle/build.h"

namespace sluice::expect {
namespace {

using namespace oracle::build;

model::Cluster shop() {
  return cluster(pod("shop/web-1", "10.0.0.1").label("app", "web"),
                 pod("shop/web-2", "10.0.0.2").label("app", "web"),
                 pod("shop/api", "10.0.0.3").label("app", "api").port("http", 8080), pod("out/x", "10.0.0.4"),
                 policy("shop/api")
                     .selects({{"app", "api"}})
                     .ingress(rule().from(pods({{"app", "web"}})).tcp(8080))
                     .ingress(rule().from(pods({{"app", "gone"}}))));
}

Report report_of(const model::Cluster& world, const std::string& text) {
  const Expectations read = read_expectations(text, "f");
  for (const std::string& problem : read.problems) ADD_FAILURE() << problem;
  explain::Checker checker(world, false);
  const Judge answers{
      [&](const std::string& ns) {
        std::vector<std::string> names;
        for (const auto& [name, one] : world.pods)
          if (name.ns == ns) names.push_back(name.to_text());
        return names;
      },
      [&](const std::string& from, const std::string& to, net::Protocol protocol, const std::string& port) {
        model::Probe probe{*model::parse_party(from), *model::parse_party(to), {}, protocol, {}};
        if (!port.empty()) probe.port = number(static_cast<uint16_t>(std::stoi(port)));
        return checker.check(probe);
      }};
  return judge(read.all, answers);
}

constexpr char kFile[] = R"(
- {name: web reaches api, from: shop/*, except: shop/api, to: shop/api, port: 8080, expect: allow, because: shop/api}
- {name: nobody else, from: [out/x, 192.0.2.1], to: shop/api, port: 8080, expect: deny, because: shop/api}
- {name: wrong, from: shop/web-1, to: shop/api, port: 8081, expect: allow}
- {name: other reason, from: shop/web-1, to: shop/api, port: 8080, expect: allow, because: shop/other}
- {name: of nobody, from: nowhere/*, to: shop/api, port: 1, expect: allow}
- {name: ping, from: out/x, to: shop/web-1, protocol: ICMP, expect: allow}
)";

TEST(Expectations, AreJudged) {
  const Report report = report_of(shop(), kFile);
  ASSERT_EQ(report.outcomes.size(), 6u);
  EXPECT_FALSE(report.passed());
  EXPECT_TRUE(report.outcomes[0].passed());
  EXPECT_EQ(report.outcomes[0].pairs, 2u);
  EXPECT_TRUE(report.outcomes[1].passed());
  EXPECT_EQ(report.outcomes[2].failures.at(0).what, "is denied");
  EXPECT_NE(report.outcomes[2].failures.at(0).explanation.find("ports[0]  wants TCP 8080, has TCP 8081"),
            std::string::npos);
  EXPECT_EQ(report.outcomes[3].failures.at(0).what, "is allowed, but not by shop/other");
  EXPECT_EQ(report.outcomes[4].failures.at(0).what, "stands for no pair of two different ends");
  EXPECT_TRUE(report.outcomes[5].passed());
}

TEST(Expectations, Reports) {
  const Report report = report_of(shop(), kFile);
  const std::string text = to_text(report, false), tap = to_tap(report), junit = to_junit(report);
  EXPECT_NE(text.find("ok      web reaches api (2 pairs)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("FAILED  wrong\n        f: line 4\n        shop/web-1 -> shop/api is denied\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("6 expectations, 3 failed\n"), std::string::npos);
  EXPECT_TRUE(tap.starts_with(
      "TAP version 13\n1..6\nok 1 - web reaches api\nok 2 - nobody else\nnot ok 3 - wrong\n# "));
  EXPECT_NE(junit.find("tests=\"6\" failures=\"3\""), std::string::npos);
  EXPECT_NE(junit.find("<failure message=\"shop/web-1 -&gt; shop/api is denied\">"), std::string::npos);
}

TEST(Expectations, ANameOfADomainIsEachOfItsAddresses) {
  const auto read =
      read_expectations("- {name: x, from: shop/web-1, to: WWW.example.com, port: 443, expect: deny}", "f");
  ASSERT_TRUE(read.problems.empty()) << read.problems[0];
  std::vector<std::string> asked;
  Judge answers{
      [](const std::string&) { return std::vector<std::string>(); },
      [&](const std::string& from, const std::string& to, net::Protocol protocol, const std::string&) {
        asked.push_back(to);
        explain::Answer answer{from, to, protocol, {}, {}, {}, {}};
        answer.egress.opinion = to.ends_with('9') ? model::Side::kDeny : model::Side::kAllow;
        return base::Result<explain::Answer>(answer);
      },
      [](const std::string& from, const std::string& name) {
        EXPECT_EQ(from + " " + name, "shop/web-1 www.example.com");
        return std::vector<std::string>{"203.0.113.8", "203.0.113.9"};
      }};
  const Report report = judge(read.all, answers);
  EXPECT_EQ(asked, (std::vector<std::string>{"203.0.113.8", "203.0.113.9"}));
  EXPECT_EQ(report.outcomes[0].pairs, 2u);
  ASSERT_EQ(report.outcomes[0].failures.size(), 1u) << "all of them must be denied";
  EXPECT_EQ(report.outcomes[0].failures[0].to, "203.0.113.8");
  answers.addresses_of = {};
  judge(read.all, answers);
  EXPECT_EQ(asked.back(), "WWW.example.com") << "where nobody says";
  for (const char* wrong : {"{name: x, from: www.example.com, to: a/b, port: 1, expect: deny}",
                            "{name: x, from: a/b, to: '*.example.com', port: 1, expect: deny}"})
    EXPECT_FALSE(read_expectations("- " + std::string(wrong), "f").problems.empty()) << wrong;
}

TEST(Expectations, Coverage) {
  const model::Cluster world = shop();
  const Coverage coverage = coverage_of(world, report_of(world, kFile));
  EXPECT_EQ(coverage.rules, std::vector<std::string>{"shop/api:ingress[1]"});
  EXPECT_EQ(coverage.rules_in_all, 2u);
  EXPECT_EQ(coverage.pairs_in_all, 12u);
  EXPECT_EQ(coverage.pairs.size(), 12u - 4u) << to_text(coverage);
}

TEST(Expectations, WhatIsWrongIsNamed) {
  struct Row {
    const char* text;
    const char* problem;
  };
  const Row rows[] = {
      {"- {name: a, from: x/y, to: x/z, port: 1, expect: maybe}",
       "f: line 1: expectation 1: expect: \"maybe\" is neither allow nor deny"},
      {"- {name: a, from: x/y, to: x/z, expect: deny}",
       "f: line 1: expectation 1: port: is missing: TCP has ports"},
      {"- {name: a, from: x/y, to: x/z, port: 70000, expect: deny}",
       "f: line 1: expectation 1: port: port 70000 is not between 1 and 65535"},
      {"- {name: a, from: xy, to: x/z, port: 1, expect: deny}", "nor NAMESPACE/*"},
      {"- {name: a, to: x/z, port: 1, expect: deny}", "from: is missing"},
      {"- {name: a, from: x/y, to: x/z, prot: 1, expect: deny}", "did you mean port?"},
      {"- {name: a, from: x/y, to: x/z, protocol: ICMP, port: 1, expect: deny}",
       "port: must be absent: ICMP has no ports"},
      {"- {name: a, from: [], to: x/z, port: 1, expect: deny}", "from: is missing"},
      {"- {name: a, from: x/y, to: x/z, port: '99999999999', expect: deny}", "port: \"99999999999\""},
      {"a: b", "f: line 1: is a map where a list of expectations is due"},
      {"", "f: holds no expectation"},
      {"- [", "f: line"},
  };
  for (const Row& row : rows) {
    const Expectations read = read_expectations(row.text, "f");
    ASSERT_EQ(read.problems.size(), 1u) << row.text;
    EXPECT_NE(read.problems[0].find(row.problem), std::string::npos) << read.problems[0];
  }
}

TEST(Expectations, RulesOfClusterNetworkPolicies) {
  model::Cluster world = shop();
  world.cluster_policies[{"", "ops"}] = admin("ops")
                                            .ingress(pass().from(namespaces_all()).tcp(8080))
                                            .ingress(deny().from(namespaces_all()).tcp(22))
                                            .ingress(accept().from(namespaces_all()).tcp(9));
  const Report report = report_of(world, R"(
- {name: no ssh, from: shop/web-1, to: shop/api, port: 22, expect: deny, because: Admin/ops}
- {name: not by that, from: shop/web-1, to: shop/api, port: 23, expect: deny, because: Admin/ops}
)");
  EXPECT_TRUE(report.outcomes[0].passed());
  EXPECT_FALSE(report.outcomes[1].passed());
  const std::vector<std::string> missing = coverage_of(world, report).rules;
  EXPECT_EQ(std::ranges::count(missing, "Admin/ops:ingress[2]"), 1);
  EXPECT_EQ(std::ranges::count(missing, "Admin/ops:ingress[1]"), 0);
  EXPECT_EQ(std::ranges::count(missing, "Admin/ops:ingress[0]"), 0) << "it passes, which no answer says";
}

}  // namespace
}  // namespace sluice::expect
