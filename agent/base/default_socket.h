// The socket at which the agent listens and at which others look for it, unless an option names another. A value.
#pragma once

namespace sluice::base {

inline constexpr char kDefaultSocket[] = "/run/sluice/sluice.sock";

}  // namespace sluice::base
