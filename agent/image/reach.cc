#include "agent/image/reach.h"

namespace sluice::image {

void Reach::add(const Image& image) {
  const auto add_all = [this](const auto& table) {
    for (const auto& [key, value] : table) this->count(value, +1);
  };
  add_all(image.addresses);
  add_all(image.prefixes);
  add_all(image.services);
  add_all(image.endpoints);
}

void Reach::take_over(const Difference& difference) {
  const auto take_over_all = [this](const auto& changes) {
    for (const auto& [key, change] : changes) {
      if (change.after) this->count(*change.after, +1);
      if (change.before) this->count(*change.before, -1);
    }
  };
  take_over_all(difference.addresses);
  take_over_all(difference.prefixes);
  take_over_all(difference.services);
  take_over_all(difference.endpoints);
}

}  // namespace sluice::image
