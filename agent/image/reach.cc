#include "agent/image/reach.h"

namespace sluice::image {

void Reach::add(const Image& image) {
  const auto add_all = [this](const auto& table) {
    for (const auto& [key, value] : table) this->count(value, +1);
  };
  add_all(image.addresses);
  add_all(image.prefixes);
  add_all(image.services);
  add_all(image.names);
  add_all(image.endpoints);
}

void Reach::update(const Difference& difference) {
  const auto update_all = [this](const auto& changes) {
    for (const auto& [key, change] : changes) {
      if (change.after) this->count(*change.after, +1);
      if (change.before) this->count(*change.before, -1);
    }
  };
  update_all(difference.addresses);
  update_all(difference.prefixes);
  update_all(difference.services);
  update_all(difference.names);
  update_all(difference.endpoints);
}

}  // namespace sluice::image
