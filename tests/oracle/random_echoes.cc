#include <algorithm>

#include "agent/reference/reference.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/random_objects.h"

namespace sluice::oracle {
namespace {

using model::Cluster;
using model::Direction;
using net::Ip;

// Who talks: few, so that packets meet connections.
struct Pair {
  const model::Pod* pod;
  Ip own, far;
};

model::Side side_of(const reference::Reference& reference, const Pair& pair, Direction direction) {
  if (direction == Direction::kEgress)
    return reference.evaluate(model::Probe{pair.own, pair.far, {}, net::kIcmp, {}}).value().egress;
  return reference.evaluate(model::Probe{pair.far, pair.own, {}, net::kIcmp, {}}).value().ingress;
}

// Where one end may ask and the other may not, which a reply tells apart from everything else.
bool is_one_way(const reference::Reference& reference, const Pair& pair) {
  const bool out = side_of(reference, pair, Direction::kEgress) != model::Side::kDeny;
  const bool in = side_of(reference, pair, Direction::kIngress) != model::Side::kDeny;
  return out != in;
}

std::vector<Pair> random_pairs(Random& random, const Cluster& cluster, const std::vector<Ip>& known) {
  const model::PodAddresses addresses(cluster);
  const reference::Reference reference(cluster);
  std::vector<Pair> ends, pairs;
  for (const auto& [name, pod] : cluster.pods)
    for (const Ip& own : addresses.owned_by(pod)) ends.push_back({&pod, own, own});
  if (ends.empty()) return pairs;
  for (int left = random.between(2, 4); left > 0; --left) {
    const bool wants_one_way = random.chance(90);
    for (int attempt = 0; attempt < 30; ++attempt) {
      Pair pair = random.pick(ends);
      pair.far = random.pick(known);
      if (pair.far.family() != pair.own.family()) continue;
      if (wants_one_way && attempt < 29 && !is_one_way(reference, pair)) continue;
      pairs.push_back(pair);
      break;
    }
  }
  return pairs;
}

// Identifiers that differ in one byte, or only in their order.
uint16_t random_identifier(Random& random) {
  return random.pick<uint16_t>({0, 7, 8, 0x0700, 0xffff});
}

reference::Echo draw_echo(Random& random, const Pair& pair) {
  const int kind = random.between(1, 100);
  return {pair.pod->name,
          pair.own,
          pair.far,
          random.pick({Direction::kEgress, Direction::kIngress}),
          kind <= 50   ? reference::Echo::Kind::kRequest
          : kind <= 90 ? reference::Echo::Kind::kReply
                       : reference::Echo::Kind::kOther,
          random_identifier(random)};
}

// The reply to it, as the other end gives it or with something changed.
reference::Echo answer(Random& random, reference::Echo echo) {
  echo.kind = reference::Echo::Kind::kReply;
  if (random.chance(85))
    echo.direction = echo.direction == Direction::kEgress ? Direction::kIngress : Direction::kEgress;
  if (random.chance(15)) echo.identifier = random_identifier(random);
  return echo;
}

std::vector<reference::Echo> draw_echoes(Random& random, const std::vector<Pair>& pairs, size_t count,
                                         const std::vector<reference::Echo>& earlier) {
  std::vector<reference::Echo> echoes, past = earlier;
  while (echoes.size() < count) {
    reference::Echo echo = draw_echo(random, random.pick(pairs));
    if (!past.empty() && random.chance(50)) {
      const reference::Echo& one = random.pick(past);
      echo = one.kind == reference::Echo::Kind::kRequest && random.chance(80) ? answer(random, one) : one;
    }
    echoes.push_back(echo);
    past.push_back(echo);
  }
  return echoes;
}

bool stays(const Cluster& later, const Pair& pair) {
  const auto found = later.pods.find(pair.pod->name);
  if (found == later.pods.end()) return false;
  const model::Pod& pod = found->second;
  const auto owned = model::PodAddresses(later).owned_by(pod);
  return pod.uid == pair.pod->uid && pod.node_name == pair.pod->node_name &&
         std::find(owned.begin(), owned.end(), pair.own) != owned.end();
}

// Mostly to policies, which decide most.
std::vector<model::Change> random_happening(Random& random, const Cluster& cluster) {
  auto changes = random_change(cluster, random.below(1u << 30));
  for (int attempt = 0; attempt < 8 && changes.front().id().kind != model::Kind::kNetworkPolicy; ++attempt)
    changes = random_change(cluster, random.below(1u << 30));
  return changes;
}

// A few things that happen, none of which takes a pod of the pairs away.
std::vector<model::Change> random_happenings(Random& random, const Cluster& cluster,
                                             const std::vector<Pair>& pairs) {
  std::vector<model::Change> all;
  Cluster later = cluster;
  for (int left = random.between(1, 12); left > 0; --left) {
    Cluster next = later;
    const auto changes = random_happening(random, later);
    for (const model::Change& change : changes) next.apply(change);
    if (!std::all_of(pairs.begin(), pairs.end(), [&](const Pair& pair) { return stays(next, pair); }))
      continue;
    all.insert(all.end(), changes.begin(), changes.end());
    later = next;
  }
  return all;
}

}  // namespace

reference::Echoes random_echoes(const Cluster& cluster, uint64_t seed, size_t count) {
  Random random(seed);
  const auto pairs = random_pairs(random, cluster, known_addresses(cluster));
  if (pairs.empty()) return {};
  reference::Echoes echoes;
  echoes.before = draw_echoes(random, pairs, count - count / 3, {});
  echoes.changes = random_happenings(random, cluster, pairs);
  echoes.after = draw_echoes(random, pairs, count / 3, echoes.before);
  return echoes;
}

}  // namespace sluice::oracle
