// Serves a Site until the process is told to end. One thread: who asks meanwhile waits.
#pragma once

#include <functional>

#include "agent/ui/site.h"

namespace sluice::ui {

// Until SIGINT or SIGTERM. `listening` is called once, with where it is to be found: "http://127.0.0.1:9620/". An error:
// it could not listen there.
base::Status run(const boost::asio::ip::tcp::endpoint& at, const Site& site,
                 const std::function<void(const std::string& url)>& listening);

}  // namespace sluice::ui
