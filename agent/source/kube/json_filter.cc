#include "agent/source/kube/json_filter.h"

#include "agent/source/kube/body.h"

namespace sluice::source::kube {

void JsonFilter::start(const Shape* shape, const Shape* also) {
  builder_ = {};
  open_.clear();
  next_ = {shape, also};
  bytes_ = 0;
  skipping_ = 0;
  skip_next_ = false;
}

bool JsonFilter::skip_value() {
  if (skipping_ > 0) return true;
  return std::exchange(skip_next_, false);
}

void JsonFilter::account(size_t bytes) {
  bytes_ += bytes;
  if (bytes_ > kLargestObject) throw too_large();
}

source::decode::TreeError JsonFilter::too_large() {
  return {0, "is an object of more than " + std::to_string(kLargestObject >> 20) + " MiB"};
}

void JsonFilter::begin(source::decode::TreeType type) {
  if (skipping_ > 0 || std::exchange(skip_next_, false)) {
    ++skipping_;
    return;
  }
  builder_.begin(type, 0);
  // The elements of a list are what the list is said to be made of.
  next_.map = type == source::decode::TreeType::kMap;
  open_.push_back(next_);
}

bool JsonFilter::end() {
  if (skipping_ > 0) {
    --skipping_;
    return false;
  }
  builder_.end();
  open_.pop_back();
  if (open_.empty()) return true;
  next_ = open_.back();
  return false;
}

void JsonFilter::key(std::string_view text) {
  if (skipping_ > 0) return;
  const Level& level = open_.back();
  const ShapeField* field = level.shape != nullptr ? level.shape->find(text) : nullptr;
  if (field == nullptr && level.also != nullptr) field = level.also->find(text);
  if (field == nullptr && level.shape != nullptr && !level.shape->strict) {
    skip_next_ = true;
    return;
  }
  account(text.size());
  builder_.scalar(text, true, 0);
  next_ = {field != nullptr ? field->shape : nullptr};
}

void JsonFilter::scalar(std::string_view text, bool quoted) {
  if (skip_value()) return;
  account(text.size());
  builder_.scalar(text, quoted, 0);
}

void JsonFilter::null() {
  if (skip_value()) return;
  builder_.null(0);
}

}  // namespace sluice::source::kube
