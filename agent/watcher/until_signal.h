#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>

#include "agent/base/log.h"

namespace sluice::watcher {

// start(), then the loop until SIGTERM or SIGINT.
void run_until_signal(boost::asio::io_context& loop, const base::Log& log,
                      const std::function<void()>& start);

}  // namespace sluice::watcher
