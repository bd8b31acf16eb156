// JsonFilter: the events of a JSON parser for one value, of which a Shape's fields are built into a Document.
// Private to agent/source/kube. One thread.
#pragma once

#include <string_view>
#include <vector>

#include "agent/source/decode/tree_builder.h"
#include "agent/source/kube/shape.h"

namespace sluice::source::kube {

class JsonFilter {
 public:
  // A new value. `also` names more fields of its outermost map.
  void start(const Shape* shape, const Shape* also = nullptr);

  // Throws source::TreeError where a law of Document or kLargestObject is broken.
  void begin(source::decode::TreeType type);
  bool end();  // true: the value is whole
  void key(std::string_view text);
  void scalar(std::string_view text, bool quoted);
  void null();
  // Is the text of the value to come wanted? Then what it is made of need not be kept.
  bool wants() const { return skipping_ == 0 && !skip_next_; }
  source::decode::Document take() { return builder_.take(); }
  static source::decode::TreeError too_large();

 private:
  struct Level {
    const Shape* shape = nullptr;  // null: everything is kept
    const Shape* also = nullptr;
    bool map = false;
  };
  bool skip_value();
  void account(size_t bytes);

  source::decode::TreeBuilder builder_;
  std::vector<Level> open_;
  Level next_;  // of the value to come
  size_t bytes_ = 0;
  uint32_t skipping_ = 0;  // levels
  bool skip_next_ = false;
};

}  // namespace sluice::source::kube
