// ReferencePrograms: F0 (empty), F1 (parse, LRU hit), F2 (parse, LRU miss, insertion), F3 (parse, hash hit)
// and a trie of the world's addresses, loaded with maps as large and as full as Sluice's; and the contender
// that each is. Needs root. One thread.
#pragma once

#include <memory>

#include "bench/packet/cases.h"
#include "bench/packet/instructions.h"

struct sluice_reference;  // the libbpf skeleton

namespace sluice::bench {

enum class Floor { kF0, kF1, kF2, kF3, kLpm };
inline constexpr Floor kFloors[] = {Floor::kF0, Floor::kF1, Floor::kF2, Floor::kF3, Floor::kLpm};
std::string to_text(Floor floor);

class ReferencePrograms {
 public:
  // `addresses` peers go into the trie. The flow tables have REFERENCE_FLOWS_MAX entries, or twice as many as
  // there are `tuples`, where that is more, so that no tuple displaces another; `fill` percent of them are taken.
  static base::Result<ReferencePrograms> load(unsigned addresses, unsigned fill, size_t tuples);
  ReferencePrograms(ReferencePrograms&&) noexcept;
  ReferencePrograms& operator=(ReferencePrograms&&) noexcept;
  ~ReferencePrograms();

  int program_fd(Floor floor) const;
  // Makes the tuples known where F1 and F3 look, and forgets those that F2 inserted.
  base::Status learn(const std::vector<packet::Bytes>& frames);
  base::Status forget_inserted(const std::vector<packet::Bytes>& frames);
  unsigned fill() const { return fill_; }
  base::Status refill_inserted(size_t entries);

 private:
  struct Close {
    void operator()(sluice_reference* skeleton) const noexcept;
  };
  ReferencePrograms() = default;
  base::Status fill_trie(unsigned addresses);
  base::Status fill_flows();

  std::unique_ptr<sluice_reference, Close> skeleton_;
  unsigned fill_ = 0;
  size_t entries_ = 0;  // of each flow table
  uint32_t filled_ = 0;
};

// A reference program on the tuples of a case (IPv4, TCP; F0 takes any).
class FloorContender {
 public:
  static base::Result<FloorContender> make(ReferencePrograms& programs, Floor floor, const Case& c,
                                           const Reports* reports = nullptr);
  base::Result<Nanoseconds> sample();
  base::Result<double> instructions(const InstructionCounter& counter);  // of one pass, a packet

 private:
  FloorContender(ReferencePrograms& programs, Floor floor, Driver driver)
      : programs_(&programs), floor_(floor), driver_(std::move(driver)) {}
  base::Status clean_up();
  base::Status expect_hits();

  ReferencePrograms* programs_;
  Floor floor_;
  Driver driver_;
  std::vector<packet::Bytes> frames_;
};

}  // namespace sluice::bench
