#include "agent/node/applier.h"

namespace sluice::node {

using base::Status;

Status Applier::read() {
  state_ = State::kUnread;
  auto contents = read_maps_();
  if (!contents) return contents.error().within("read the maps back");
  auto back = image::Placement::read(*contents);
  if (!back) return back.error().within("read the maps back");
  placement_ = std::move(back->placement);
  behind_ = std::move(back->image);
  state_ = State::kBehind;
  return base::done();
}

image::Difference Applier::difference(const image::Image& compiled, image::Difference step) const {
  return behind_ ? image::difference(*behind_, compiled) : std::move(step);
}

void Applier::note_in_force() {
  behind_.reset();
  state_ = State::kInForce;
}

base::Result<size_t> Applier::put(const image::Image& compiled, const image::Difference& difference) {
  auto plan = placement_.plan(compiled, difference);
  const Status put = plan ? image::put_in_force(*plan, *target_) : Status(plan.error());
  if (!put) {
    if (!behind_) {
      behind_ = compiled;
      image::apply(*behind_, image::inverse(difference));
    }
    (void)read();  // the placement is stale; a failure shows in state_, and the next read() tries again
    return put.error();
  }
  const size_t writes = plan->writes();
  behind_.reset();
  to_clean_up_ = std::move(*plan);
  state_ = State::kToCleanUp;
  return writes;
}

bool Applier::put_at_once(const image::Difference& names) {
  if (state_ != State::kInForce) return false;
  if (target_->write(placement_.put_at_once(names))) return true;
  (void)read();  // as after a put() that failed
  return false;
}

Status Applier::clean_up(const image::Image& compiled) {
  if (state_ != State::kToCleanUp) return base::done();
  const image::Plan plan = std::move(*to_clean_up_);
  to_clean_up_.reset();
  if (auto cleaned = image::clean_up(plan, *target_); !cleaned) {
    behind_ = compiled;
    (void)read();
    return cleaned;
  }
  placement_.release_freed(plan);
  state_ = State::kInForce;
  return base::done();
}

}  // namespace sluice::node
