#include "bench/packet/plan.h"

#include <algorithm>

namespace sluice::bench {
namespace {

constexpr size_t kMany = 65536;
constexpr unsigned kMost = 262144;
constexpr unsigned kSpread = 4096;  // distinct addresses, as many as tuples: each is asked of anew

template <typename Wanted>
std::vector<Case> only(std::vector<Case> cases, Wanted wanted) {
  std::erase_if(cases, [&](const Case& c) { return !wanted(c); });
  return cases;
}

std::vector<Case> every_case() {
  std::vector<Case> all;
  for (const Case& plain : plain_cases())
    for (const Case& c : each_way(plain)) all.push_back(c);
  return all;
}

bool is_tcp_egress(const Case& c) {
  return c.protocol == net::kTcp && c.hook == SLUICE_EGRESS;
}

std::vector<Case> named(const std::vector<std::string>& names, bool both_families) {
  return only(every_case(), [&](const Case& c) {
    if (std::find(names.begin(), names.end(), c.name) == names.end()) return false;
    const bool hook =
        c.course == Course::kReply ? c.protocol == net::kTcp && c.hook == SLUICE_INGRESS : is_tcp_egress(c);
    return hook && !c.reports && (both_families || c.family == net::Family::kIpv4);
  });
}

std::vector<Case> with_tuples(std::vector<Case> cases, size_t tuples) {
  for (Case& c : cases) c.tuples = tuples;
  return cases;
}

std::vector<Case> reaching(std::vector<Case> cases, unsigned remotes) {
  for (Case& c : cases) c.remote_count = remotes;
  return cases;
}

template <typename Field>
std::vector<Size> varied(Field field, std::initializer_list<unsigned> values) {
  std::vector<Size> sizes;
  for (unsigned value : values) {
    Size size;
    size.*field = value;
    sizes.push_back(size);
  }
  return sizes;
}

// The fewest that a cold case can reach.
Size cold_base() {
  Size size;
  size.addresses = kSpread;
  return size;
}

Size corner() {
  Size size;
  size.addresses = 100000;
  size.policies = size.cidrs = 10000;
  return size;
}

const std::vector<std::string> kCommon = {"established", "established-reply", "new-pod-peer",
                                          "new-ipblock", "new-service",       "denied-peer",
                                          "denied-port", "not-isolated",      "outdated"};

const std::vector<std::string> kCold = {"established", "new-pod-peer", "denied-peer", "denied-port",
                                        "outdated"};

std::vector<Group> quick_groups() {
  std::vector<Case> rows = named(kCommon, false);
  for (const Case& c : named({"established", "established-reply", "new-pod-peer"}, true))
    if (c.family == net::Family::kIpv6) rows.push_back(c);
  return {{"base", {Size{}}, rows},
          {"corner", {Size{}, corner()}, named({"established", "new-pod-peer", "denied-port"}, false)},
          {"cold", varied(&Size::addresses, {100000}), reaching(named(kCold, false), kSpread)},
          {"cold-cidrs", varied(&Size::cidrs, {10000}), reaching(named({"new-ipblock"}, false), kSpread)},
          {"cidrs", varied(&Size::cidrs, {10, 10000}), named({"new-ipblock"}, false)},
          {"ranges", varied(&Size::ranges, {1, 1000}), named({"new-pod-peer"}, false)}};
}

}  // namespace

std::vector<Group> packet_groups(bool quick) {
  if (quick) return quick_groups();
  std::vector<Group> groups = {{"base", {Size{}}, every_case()}};
  // What a busy node sees: every connection's remote is one that was not seen lately.
  groups.push_back({"cold", varied(&Size::addresses, {100000}), reaching(named(kCold, true), kSpread)});
  groups.push_back(
      {"cold-cidrs", varied(&Size::cidrs, {10000}), reaching(named({"new-ipblock"}, true), kSpread)});
  groups.push_back({"cold-corner", {cold_base(), corner()}, reaching(named(kCold, false), kSpread)});
  const auto many = only(named(kCommon, true), [](const Case& c) { return c.course != Course::kFragment; });
  groups.push_back({"tuples-65536", {Size{}}, with_tuples(many, kMany)});
  // In tables where no tuple displaces another: of a million flows, half as many of IPv6. All are one pod's.
  groups.push_back({"tuples-262144", varied(&Size::flows, {4 * kMost}),
                    with_tuples(named({"established", "established-reply"}, true), kMost)});
  groups.push_back({"corner", {Size{}, corner()}, named(kCommon, true)});
  const std::vector<std::string> judged = {"established", "new-pod-peer", "denied-port"};
  groups.push_back({"addresses", varied(&Size::addresses, {10, 1000, 100000}), named(judged, true)});
  groups.push_back({"policies", varied(&Size::policies, {1, 10, 100, 1000, 10000}), named(judged, true)});
  groups.push_back({"ranges", varied(&Size::ranges, {1, 10, 100, 1000}), named(judged, true)});
  groups.push_back({"cidrs", varied(&Size::cidrs, {10, 100, 1000, 10000}),
                    named({"new-pod-peer", "new-ipblock", "denied-peer"}, true)});
  groups.push_back({"flows-1048576", varied(&Size::flows, {1048576}),
                    named({"established", "established-reply", "new-pod-peer"}, true)});
  for (unsigned fill : {10u, 50u, 90u, 100u})
    groups.push_back({"fill-" + std::to_string(fill), varied(&Size::fill, {fill}),
                      named({"established", "established-reply", "new-pod-peer"}, true)});
  return groups;
}

}  // namespace sluice::bench
