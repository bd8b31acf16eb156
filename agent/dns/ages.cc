#include "agent/dns/ages.h"

namespace sluice::dns {

uint64_t Ages::add(uint32_t interface) {
  std::set<uint64_t>& own = of_[interface];
  by_count_.erase({own.size(), interface});
  own.insert(++last_);
  by_count_.insert({own.size(), interface});
  return last_;
}

void Ages::remove(uint32_t interface, uint64_t age) {
  const auto own = of_.find(interface);
  if (own == of_.end() || !own->second.contains(age)) return;
  by_count_.erase({own->second.size(), interface});
  own->second.erase(age);
  if (own->second.empty())
    of_.erase(own);
  else
    by_count_.insert({own->second.size(), interface});
}

size_t Ages::count(uint32_t interface) const {
  const auto own = of_.find(interface);
  return own == of_.end() ? 0 : own->second.size();
}

uint64_t Ages::oldest_of(uint32_t interface) const {
  const auto own = of_.find(interface);
  return own == of_.end() ? 0 : *own->second.begin();
}

uint64_t Ages::oldest_of_most() const {
  return by_count_.empty() ? 0 : oldest_of(by_count_.rbegin()->second);
}

}  // namespace sluice::dns
