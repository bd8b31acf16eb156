#include <algorithm>

#include "agent/expect/expectations.h"
#include "agent/model/tiers.h"

namespace sluice::expect {
namespace {

using explain::Answer;

// What the ends stand for; `except` is left out of "every pod of", not of what is named.
std::vector<std::string> expand(const std::vector<std::string>& ends, const std::set<std::string>& except,
                                const Judge& judge) {
  std::vector<std::string> names;
  for (const std::string& end : ends) {
    if (!end.ends_with(kEveryPod)) {
      names.push_back(end);
      continue;
    }
    for (std::string& name : judge.pods_of(end.substr(0, end.size() - kEveryPod.size())))
      if (!except.contains(name)) names.push_back(std::move(name));
  }
  return names;
}

// Of a destination that is the name of a domain its addresses.
std::vector<std::string> destinations(const std::string& from, const std::string& to, const Judge& judge) {
  const std::string name = judge.addresses_of ? model::domain_named(to) : "";
  std::vector<std::string> addresses =
      name.empty() ? std::vector<std::string>() : judge.addresses_of(from, name);
  if (addresses.empty()) addresses.push_back(to);
  return addresses;
}

std::set<std::string> left_out_by(const Expectation& expectation, const Judge& judge) {
  std::set<std::string> names;
  for (const std::string& name : expand(expectation.except, {}, judge))
    names.insert(model::to_text(*model::parse_party(name)));
  return names;
}

bool is_because(const Answer& answer, const std::string& policy) {
  const auto named = [&](const std::string& rule) {
    return rule == policy || rule.starts_with(policy + ":");
  };
  const bool allowed = answer.verdict() == model::Verdict::kAllow;
  for (const explain::SideAnswer* side : {&answer.egress, &answer.ingress}) {
    if (!allowed && side->opinion != model::Side::kDeny) continue;
    // A ClusterNetworkPolicy denies by its rules, too.
    if (std::ranges::any_of(side->rules, [&](const std::string& rule) {
          return named(rule) && (allowed || model::tier_of(rule));
        }))
      return true;
    if (!allowed && std::ranges::any_of(side->isolated_by, named)) return true;
  }
  return false;
}

// Why the answer is not what was expected; empty: it is.
std::string contradiction(const Expectation& expectation, const Answer& answer) {
  const bool allowed = answer.verdict() == model::Verdict::kAllow;
  if (allowed != expectation.allow) return allowed ? "is allowed" : "is denied";
  if (expectation.because.empty() || is_because(answer, expectation.because)) return {};
  return std::string(allowed ? "is allowed" : "is denied") + ", but not by " + expectation.because;
}

// NOLINTNEXTLINE(readability-function-size): a pair, who is asked, and the two that are told
void judge_pair(const Expectation& expectation, const std::string& from, const std::string& to,
                const Judge& judge, Outcome& outcome, Report& report) {
  ++outcome.pairs;
  const auto answer = judge.check(from, to, expectation.protocol, expectation.port);
  if (!answer) {
    outcome.failures.push_back({from, to, answer.error().message(), {}});
    return;
  }
  report.pairs.insert({from, to});
  for (const explain::SideAnswer* side : {&answer->egress, &answer->ingress})
    report.rules.insert(side->rules.begin(), side->rules.end());
  for (const explain::EndpointAnswer& endpoint : answer->endpoints)
    report.rules.insert(endpoint.ingress.rules.begin(), endpoint.ingress.rules.end());
  if (const std::string why = contradiction(expectation, *answer); !why.empty())
    outcome.failures.push_back({from, to, why, explain::to_text(*answer, false)});
}

}  // namespace

bool Report::passed() const {
  return std::all_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& outcome) { return outcome.passed(); });
}

Report judge(const std::vector<Expectation>& expectations, const Judge& judge) {
  Report report;
  for (const Expectation& expectation : expectations) {
    Outcome outcome{expectation, 0, {}};
    const auto except = left_out_by(expectation, judge);
    const auto from = expand(expectation.from, except, judge), to = expand(expectation.to, except, judge);
    for (const std::string& one : from)
      for (const std::string& other : to)
        for (const std::string& end : destinations(one, other, judge))
          if (one != end) judge_pair(expectation, one, end, judge, outcome, report);
    if (outcome.pairs == 0)
      outcome.failures.push_back({"", "", "stands for no pair of two different ends", {}});
    report.outcomes.push_back(std::move(outcome));
  }
  return report;
}

Coverage coverage_of(const model::Cluster& cluster, const Report& report) {
  Coverage coverage;
  const auto count = [&](std::string rule) {
    ++coverage.rules_in_all;
    if (!report.rules.contains(rule)) coverage.rules.push_back(std::move(rule));
  };
  for (const auto& [name, policy] : cluster.policies)
    for (const model::Direction direction : model::kDirections)
      for (size_t i = 0; policy.isolates(direction) && i < policy.rules(direction).size(); ++i)
        count(name.to_text() + ":" + std::string(model::to_text(direction)) + "[" + std::to_string(i) + "]");
  // A rule that passes, or accepts and closes, decides nothing, so no answer names it.
  for (const model::ClusterNetworkPolicy* policy : model::in_order(cluster))
    for (const model::Direction direction : model::kDirections)
      for (size_t i = 0; i < policy->rules(direction).size(); ++i)
        if (const model::ClusterRule& rule = policy->rules(direction)[i];
            rule.action != model::Action::kPass && !(rule.closed && rule.action == model::Action::kAccept))
          count(model::rule_name(*policy, direction, i));
  const model::PodAddresses addresses(cluster);
  std::vector<std::string> names;
  for (const auto& [name, pod] : cluster.pods)
    if (!addresses.owned_by(pod).empty()) names.push_back(name.to_text());
  for (const std::string& from : names)
    for (const std::string& to : names) {
      if (from == to) continue;
      ++coverage.pairs_in_all;
      if (!report.pairs.contains({from, to})) coverage.pairs.emplace_back(from, to);
    }
  return coverage;
}

}  // namespace sluice::expect
