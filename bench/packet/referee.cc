#include "bench/packet/referee.h"

namespace sluice::bench {

base::Result<bool> Referee::passes(const Case& c, const Tuple& tuple) {
  const bool out = c.opener() == SLUICE_EGRESS;
  const net::Port port = out ? tuple.remote_port : tuple.local_port;
  const Question question{c.pod, c.opener(), tuple.remote, c.protocol, port};
  const auto known = answers_.find(question);
  if (known != answers_.end()) return known->second;
  model::Probe probe;
  probe.from = name_of(c.pod);
  probe.to = tuple.remote;
  if (!out) std::swap(probe.from, probe.to);
  probe.family = c.family;
  probe.protocol = c.protocol;
  probe.port = port;
  auto answer = reference_.evaluate(probe);
  if (!answer) return answer.error();
  const model::Side side = out ? answer->egress : answer->ingress;
  return answers_[question] = side != model::Side::kDeny;
}

}  // namespace sluice::bench
