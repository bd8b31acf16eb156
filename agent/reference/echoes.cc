#include "agent/reference/echoes.h"

#include <map>
#include <tuple>

#include "agent/reference/reference.h"

namespace sluice::reference {
namespace {

using model::Direction;

Direction opposite(Direction direction) {
  return direction == Direction::kEgress ? Direction::kIngress : Direction::kEgress;
}

// Of a pair of addresses; without an asker the one that all other ICMP shares.
struct Connection {
  model::ObjectName pod;
  net::Ip far;
  std::optional<Direction> asked;
  uint16_t identifier = 0;
  auto operator<=>(const Connection&) const = default;
};
using Openers = std::map<Connection, Direction>;  // those that are known, and which way each was opened

Connection connection_of(const Echo& echo, const Openers& known) {
  Connection connection{echo.pod, echo.far, {}, 0};
  if (echo.kind == Echo::Kind::kOther) return connection;
  const bool asks = echo.kind == Echo::Kind::kRequest;
  const Connection named{echo.pod, echo.far, asks ? echo.direction : opposite(echo.direction),
                         echo.identifier};
  return asks || known.contains(named) ? named : connection;
}

bool may_open(const Reference& reference, const Echo& echo, Direction direction) {
  const bool leaves = direction == Direction::kEgress;
  const Probe probe{leaves ? echo.own : echo.far, leaves ? echo.far : echo.own, {}, net::kIcmp, {}};
  const auto answer = reference.evaluate(probe).value();
  return (leaves ? answer.egress : answer.ingress) != Side::kDeny;
}

// A known connection is judged as it was opened, allowed or no longer (semantics 23 and 36).
Verdict judge(const Reference& reference, const Echo& echo, Openers& known) {
  const Connection connection = connection_of(echo, known);
  const auto found = known.find(connection);
  const Direction opener = found == known.end() ? echo.direction : found->second;
  if (!may_open(reference, echo, opener)) return Verdict::kDeny;
  known.emplace(connection, opener);
  return Verdict::kAllow;
}

}  // namespace

std::vector<Verdict> evaluate(const model::Cluster& cluster, const Echoes& echoes) {
  std::vector<Verdict> verdicts;
  Openers known;
  const Reference before(cluster);
  for (const Echo& echo : echoes.before) verdicts.push_back(judge(before, echo, known));
  model::Cluster later = cluster;
  for (const model::Change& change : echoes.changes) later.apply(change);
  const Reference after(later);
  for (const Echo& echo : echoes.after) verdicts.push_back(judge(after, echo, known));
  return verdicts;
}

}  // namespace sluice::reference
