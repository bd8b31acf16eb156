// Stage: one group at work: its worlds and the reference programs loaded, every answer checked, and each
// contender beside the series that it fills. Needs root. One thread.
#pragma once

#include <deque>
#include <memory>

#include "bench/harness/document.h"
#include "bench/packet/measured.h"
#include "bench/packet/plan.h"
#include "bench/packet/reference.h"

namespace sluice::bench {

class Stage {
 public:
  // The group must outlive it.
  static base::Result<std::unique_ptr<Stage>> build(const Group& group);

  // Appends a series for each contender.
  base::Status measure(int rounds, Document& document);
  // Instructions at run time net of the driver's, for each series of measure().
  base::Status count_instructions(const InstructionCounter& counter, Document& document);
  // What the verifier made of the programs.
  base::Result<std::vector<Fact>> program_facts() const;

 private:
  explicit Stage(const Group& group) : group_(group) {}
  base::Status add_world(const Size& size);
  base::Status add_case(Node& node, const Case& c, Referee& referee);
  base::Status add_floors();
  base::Status add_floor(Floor floor, const Case& c);
  template <typename T>
  void add(const std::string& contender, const std::string& name, const Labels& labels, uint64_t checked,
           T& kept);

  const Group& group_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unique_ptr<ReferencePrograms> programs_;
  std::deque<Measured> measured_;
  std::deque<FloorContender> floors_;
  // By contender, in the same order.
  std::vector<Series> series_;
  std::vector<Contender> contenders_;
  std::vector<std::function<base::Result<double>(const InstructionCounter&)>> counted_;
};

}  // namespace sluice::bench
