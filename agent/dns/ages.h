// Ages: who is oldest, of all and of each interface, and which interface has the most. What has a bound gives way by
// it: so a flood of one interface takes nothing from another.
//
// Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace sluice::dns {

class Ages {
 public:
  // A number greater than all before it.
  uint64_t add(uint32_t interface);
  void remove(uint32_t interface, uint64_t age);
  size_t count(uint32_t interface) const;
  // 0: there is none.
  uint64_t oldest_of(uint32_t interface) const;
  uint64_t oldest_of_most() const;

 private:
  uint64_t last_ = 0;
  std::map<uint32_t, std::set<uint64_t>> of_;
  std::set<std::pair<size_t, uint32_t>> by_count_;
};

}  // namespace sluice::dns
