#include "agent/observe/filter.h"

#include <algorithm>

#include "agent/base/excerpt.h"

namespace sluice::observe {
namespace {

template <typename List, typename Holds>
bool wants(const List& list, Holds holds) {
  return list.empty() || std::any_of(list.begin(), list.end(), holds);
}

bool is_of(const FlowRecord& record, const std::string& policy) {
  const bool allows = record.rule.size() > policy.size() && record.rule[policy.size()] == ':' &&
                      record.rule.starts_with(policy);
  return allows || std::ranges::find(record.isolated_by, policy) != record.isolated_by.end();
}

bool is_protocol(net::Protocol wanted, net::Protocol protocol) {
  return wanted == protocol || (wanted == net::kIcmp && protocol == net::kIcmpv6);
}

}  // namespace

bool Filter::matches(const FlowRecord& record, const LabelsOf& labels_of) const {
  const End &source = record.source, &destination = record.destination;
  const auto labelled = [&](const End& end) {
    const model::Labels* has = end.pod.empty() ? nullptr : labels_of({end.ns, end.pod});
    return has != nullptr && model::matches({labels}, *has);
  };
  return record.time >= since &&
         wants(namespaces, [&](const auto& ns) { return source.ns == ns || destination.ns == ns; }) &&
         wants(either,
               [&](const auto& party) { return party.matches(source) || party.matches(destination); }) &&
         wants(from, [&](const auto& party) { return party.matches(source); }) &&
         wants(to, [&](const auto& party) { return party.matches(destination); }) &&
         wants(ports, [&](const auto& port) { return destination.port == port; }) &&
         wants(protocols, [&](auto protocol) { return is_protocol(protocol, record.protocol); }) &&
         wants(directions, [&](auto direction) { return record.direction == direction; }) &&
         wants(verdicts, [&](auto verdict) { return record.verdict == verdict; }) &&
         wants(policies, [&](const auto& policy) { return is_of(record, policy); }) &&
         (labels.empty() || labelled(source) || labelled(destination));
}

base::Result<std::vector<model::Requirement>> parse_labels(const std::string& text) {
  std::vector<model::Requirement> all;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string term = text.substr(begin, end - begin);
    begin = end + 1;
    model::Requirement wanted;
    const size_t equals = term.find('=');
    if (equals == std::string::npos) {
      wanted.op = term.starts_with('!') ? model::Operator::kDoesNotExist : model::Operator::kExists;
      wanted.key = term.substr(term.starts_with('!') ? 1 : 0);
    } else {
      const bool unequal = equals > 0 && term[equals - 1] == '!';
      const size_t value = equals + (term.compare(equals, 2, "==") == 0 ? 2 : 1);
      wanted.op = unequal ? model::Operator::kNotIn : model::Operator::kIn;
      wanted.key = term.substr(0, equals - (unequal ? 1 : 0));
      wanted.values = {term.substr(value)};
    }
    if (wanted.key.empty())
      return base::Error(base::excerpt(text) + " is no label: write KEY=VALUE, KEY!=VALUE, KEY or !KEY");
    all.push_back(std::move(wanted));
  }
  return all;
}

}  // namespace sluice::observe
