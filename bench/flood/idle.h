// IdleConnections: connections of pods that have nothing to do with a flood. They stand idle while it lasts, and
// are then asked whether they are still there: what the server pushes comes first, for it alone opens nothing.
#pragma once

#include <vector>

#include "bench/flood/stand.h"

namespace sluice::bench::flood {

class IdleConnections {
 public:
  // A third each: TCP whose server alone sends, TCP that talks both ways, UDP that does.
  static base::Result<IdleConnections> open(uint32_t count);

  size_t size() const { return all_.size(); }
  // Uses each; how many do not answer any more. They are counted once, and left out from then on.
  size_t count_lost();

 private:
  struct Idle {
    live::Stream stream;
    bool pushes_only;
  };
  std::vector<Idle> all_;
};

}  // namespace sluice::bench::flood
