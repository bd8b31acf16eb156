#include "agent/convert/subjects.h"

#include <algorithm>

namespace sluice::convert {
namespace {

using model::LabelSelector;
using model::Operator;
using model::Requirement;

bool asks_no_more(const LabelSelector& large, const LabelSelector& small) {
  return std::all_of(large.requirements.begin(), large.requirements.end(), [&](const Requirement& one) {
    return std::find(small.requirements.begin(), small.requirements.end(), one) != small.requirements.end();
  });
}

bool share_a_value(const Requirement& one, const Requirement& other) {
  return std::any_of(one.values.begin(), one.values.end(), [&](const std::string& value) {
    return std::find(other.values.begin(), other.values.end(), value) != other.values.end();
  });
}

bool contradict(const Requirement& one, const Requirement& other) {
  if (one.key != other.key) return false;
  const auto is = [&](Operator left, Operator right) { return one.op == left && other.op == right; };
  if (is(Operator::kIn, Operator::kIn)) return !share_a_value(one, other);
  if (is(Operator::kIn, Operator::kNotIn))
    return std::includes(other.values.begin(), other.values.end(), one.values.begin(), one.values.end());
  return is(Operator::kIn, Operator::kDoesNotExist) || is(Operator::kExists, Operator::kDoesNotExist);
}

bool contradict(const LabelSelector& one, const LabelSelector& other) {
  for (const Requirement& left : one.requirements)
    for (const Requirement& right : other.requirements)
      if (contradict(left, right) || contradict(right, left)) return true;
  return false;
}

}  // namespace

bool covers(const Subjects& large, const Subjects& small) {
  return std::all_of(small.begin(), small.end(), [&](const model::PodsPeer& part) {
    return std::any_of(large.begin(), large.end(), [&](const model::PodsPeer& whole) {
      return asks_no_more(whole.namespaces, part.namespaces) && asks_no_more(whole.pods, part.pods);
    });
  });
}

bool are_apart(const Subjects& one, const Subjects& other) {
  return std::all_of(one.begin(), one.end(), [&](const model::PodsPeer& left) {
    return std::all_of(other.begin(), other.end(), [&](const model::PodsPeer& right) {
      return contradict(left.namespaces, right.namespaces) || contradict(left.pods, right.pods);
    });
  });
}

bool overlap(const net::Cidr& one, const net::Cidr& other) {
  return one.family() == other.family() && (one.contains(other) || other.contains(one));
}

bool overlap(const std::vector<net::Cidr>& some, const std::vector<net::Cidr>& others) {
  return std::any_of(some.begin(), some.end(), [&](const net::Cidr& one) {
    return std::any_of(others.begin(), others.end(),
                       [&](const net::Cidr& other) { return overlap(one, other); });
  });
}

bool overlap(const std::vector<model::PolicyPort>& some, const std::vector<model::PolicyPort>& others) {
  const auto meet = [](const model::PolicyPort& one, const model::PolicyPort& other) {
    if (one.protocol != other.protocol) return false;
    const auto *left = std::get_if<net::PortRange>(&one.port),
               *right = std::get_if<net::PortRange>(&other.port);
    return left == nullptr || right == nullptr || (left->first <= right->last && right->first <= left->last);
  };
  return std::any_of(some.begin(), some.end(), [&](const model::PolicyPort& one) {
    return std::any_of(others.begin(), others.end(),
                       [&](const model::PolicyPort& other) { return meet(one, other); });
  });
}

}  // namespace sluice::convert
