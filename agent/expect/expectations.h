// Expectations: what a team says of its policies, kept beside them, and what became of it.
//
// A file holds a YAML or JSON list of
//
//     - name: web may reach the API
//       from: shop/deployment/web        # or a list; NAMESPACE/* is every pod of the namespace
//       to: [shop/api-1, shop/service/api]   # also the name of a domain: each of its addresses
//       except: [shop/web-canary]        # of every pod of …, at either end
//       port: http                       # a number or a name; none where the protocol has none
//       protocol: TCP                    # as in a probe; TCP where it is absent
//       expect: allow                    # or deny
//       because: shop/api-from-web       # a policy that must be among the reasons
//
// Laws:
//  1. An expectation that is wrong is an error which names file, line, number and field; nothing of the file
//     is judged then.
//  2. One that stands for no pair at all has failed: what nobody asks is not said.
//
// Pure; any thread.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/explain/answer.h"

namespace sluice::expect {

inline constexpr std::string_view kEveryPod = "/*";  // the end of "shop/*"

struct Expectation {
  std::string file;
  uint32_t line = 0;
  std::string name;
  std::vector<std::string> from, to, except;
  std::string port;  // "8080", "http"; empty: none
  net::Protocol protocol = net::kTcp;
  bool allow = false;
  std::string because;  // "namespace/policy"; empty: whatever
};

struct Expectations {
  std::vector<Expectation> all;
  std::vector<std::string> problems;  // one line each
};
Expectations read_expectations(std::string_view bytes, const std::string& file);

// Who answers: files, an agent, or real connections.
struct Judge {
  // Every pod and workload of the namespace.
  std::function<std::vector<std::string>(const std::string& ns)> pods_of;
  std::function<base::Result<explain::Answer>(const std::string& from, const std::string& to,
                                              net::Protocol protocol, const std::string& port)>
      check;
  // Of the name of a domain, those that `from` can have a connection with; where nobody says, the name stays as it is.
  std::function<std::vector<std::string>(const std::string& from, const std::string& name)> addresses_of = {};
};

struct Failure {
  std::string from, to;
  std::string what;  // "is denied", "is allowed", "is allowed, but not by shop/p", "…: no pod shop/x"
  std::string explanation;  // of `check`; several lines, or empty
};

struct Outcome {
  Expectation expectation;
  size_t pairs = 0;
  std::vector<Failure> failures;
  bool passed() const { return failures.empty(); }
};

struct Report {
  std::vector<Outcome> outcomes;
  std::set<std::string> rules;                          // that allowed something
  std::set<std::pair<std::string, std::string>> pairs;  // that something was said about
  bool passed() const;
};
Report judge(const std::vector<Expectation>& expectations, const Judge& judge);

// What no expectation exercises.
struct Coverage {
  std::vector<std::string> rules;  // of the cluster that allowed nothing that was expected, sorted
  size_t rules_in_all = 0;
  std::vector<std::pair<std::string, std::string>>
      pairs;  // of pods and workloads that nobody said anything about
  size_t pairs_in_all = 0;
};
Coverage coverage_of(const model::Cluster& cluster, const Report& report);

std::string to_text(const Report& report, bool colour);
std::string to_tap(const Report& report);    // Test Anything Protocol, version 13
std::string to_junit(const Report& report);  // JUnit's XML, as CI systems read it
std::string to_text(const Coverage& coverage);

}  // namespace sluice::expect
