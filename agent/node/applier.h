// Applier: brings the maps from the image that they hold to the one that is compiled.
//
// Laws:
//  1. State says what is known of the maps. Every failure leads back to kUnread, where nothing is
//     written before the maps were read.
//  2. in_force() is the image that packets meet; in kUnread, the last one that was known: after a
//     put() that failed the one before it.
//  3. What only the state before needed goes by clean_up(), once no packet under way can ask for
//     it.
//
// It waits for nothing but Target. One thread.
#pragma once

#include <functional>
#include <optional>

#include "agent/image/contents.h"
#include "agent/image/image.h"
#include "agent/image/placement.h"
#include "agent/image/plan.h"

namespace sluice::node {

class Applier {
 public:
  enum class State {
    kUnread,     // what they hold is not known: at the start, and after a failure
    kBehind,     // they were read, and hold another image than the compiled one
    kInForce,    // they hold the compiled image
    kToCleanUp,  // the same, and beside it what the state before needed
  };
  using ReadMaps = std::function<base::Result<image::Contents>()>;

  // `target` may be null where nothing is put in force; else it outlives the Applier.
  Applier(image::Target* target, ReadMaps read_maps) : target_(target), read_maps_(std::move(read_maps)) {}

  State state() const { return state_; }
  // It is known what the maps hold.
  bool known() const { return state_ != State::kUnread; }
  // `compiled`: the compiler's image, here and below.
  const image::Image& in_force(const image::Image& compiled) const { return behind_ ? *behind_ : compiled; }
  const image::Placement& placement() const { return placement_; }

  // Reads what the maps hold: kBehind, or an error.
  base::Status read();
  // From what is in force to the compiled image. `step`: what the compiler's last update changed.
  image::Difference difference(const image::Image& compiled, image::Difference step) const;
  // Nothing need be written, nor cleaned up.
  bool holds(const image::Difference& difference) const {
    return difference.empty() && !placement_.leftovers();
  }
  // Call it where the maps hold the compiled image already.
  void note_in_force();
  // Puts the compiled image in force and returns how many entries were written; the state is then
  // kToCleanUp. On an error the image before is in force.
  base::Result<size_t> put(const image::Image& compiled, const image::Difference& difference);
  // Names that came (compile::Compiler::learn()), in the epoch in force; only in kInForce. False: the maps do not say so,
  // and put() is to bring them there.
  bool put_at_once(const image::Difference& names);
  // Deletes what only the state before needed; waits for the packets under way. Outside kToCleanUp it does
  // nothing.
  base::Status clean_up(const image::Image& compiled);

 private:
  image::Target* target_;
  const ReadMaps read_maps_;
  State state_ = State::kUnread;
  image::Placement placement_;
  // What is in force, where it is not the compiled image.
  std::optional<image::Image> behind_ = image::Image{};
  std::optional<image::Plan> to_clean_up_;
};

}  // namespace sluice::node
