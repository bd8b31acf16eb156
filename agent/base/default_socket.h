// Where the agent listens, and whoever asks it looks, unless told otherwise. A value.
#pragma once

namespace sluice::base {

inline constexpr char kDefaultSocket[] = "/run/sluice/sluice.sock";

}  // namespace sluice::base
