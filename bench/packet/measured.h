// Measured: the loaded programs as a contender in one case: opens the case's connections, runs its packets,
// and leaves the flow table as it was.
//
// Laws: check() compares every tuple's verdict with the reference engine's. Each sample proves by the
// programs' own counters that its packets met the reason that the case names; only they are timed. The
// Node must outlive it. One thread.
#pragma once

#include <memory>
#include <optional>

#include "bench/packet/instructions.h"
#include "bench/packet/node.h"
#include "bench/packet/referee.h"

namespace sluice::bench {

class Measured {
 public:
  static base::Result<Measured> make(Node& node, const Case& c);

  // How many answers were compared.
  base::Result<uint64_t> check(Referee& referee);
  // Time a packet.
  base::Result<Nanoseconds> sample();
  // Of one pass, the driver's included: instructions a packet.
  base::Result<double> instructions(const InstructionCounter& counter);

 private:
  Measured(Node& node, const Case& c, Driver measured)
      : node_(&node), case_(c), measured_(std::move(measured)) {}
  base::Status prepare();
  base::Status clean_up();
  base::Result<Nanoseconds> timed_pass();
  base::Result<kernel::Counters> counted() const { return node_->counters(); }
  base::Status expect(const kernel::Counters& before, uint64_t packets) const;
  base::Result<uint64_t> expect_verdicts(Driver& driver, Referee& referee, Order order);

  Node* node_;
  Case case_;
  Driver measured_;
  std::optional<Driver> opening_;  // where it is not the same packet
  Flows flows_;
};

// The flows that a case's packets leave in the table, as what drops them.
Flows flows_of(const Case& c, const std::vector<Tuple>& tuples, uint32_t flow_id);

}  // namespace sluice::bench
