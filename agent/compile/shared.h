// Shared: one object for all whose content is equal, for as long as somebody holds it.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>

namespace sluice::compile {

template <typename Id, typename Content>
class Shared {
 public:
  // `id` is the content's. Where two contents have one id, the later one stays an object of its own: who compares them
  // will tell.
  std::shared_ptr<const Content> share(Id id, Content content) {
    std::weak_ptr<const Content>& known = known_[id];
    if (auto held = known.lock(); held && *held == content) return held;
    auto made = std::make_shared<const Content>(std::move(content));
    if (known.expired()) known = made;
    if (known_.size() > most_) {
      std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
      most_ = 2 * known_.size() + 64;
    }
    return made;
  }

 private:
  std::unordered_map<Id, std::weak_ptr<const Content>>
      known_;        // and what is not yet known to be held no more
  size_t most_ = 0;  // beyond which the latter are looked for
};

}  // namespace sluice::compile
