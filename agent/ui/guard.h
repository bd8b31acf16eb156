// Who may look: programs of this machine, as the machine's own. There is no password, so the address and the name are
// the guard.
//
// Pure; any thread.
#pragma once

#include <string_view>

#include "agent/serve/http.h"

namespace sluice::ui {

// Of what the user wrote as --listen. An error: it is no ADDRESS:PORT, or others could reach it.
base::Result<boost::asio::ip::tcp::endpoint> loopback_endpoint(std::string_view text);

// Does a browser of this machine call it so: "localhost:9620", "127.0.0.1", "[::1]:9620"? A page elsewhere that had its own
// name lead here (DNS rebinding) asks for that name.
bool is_own_host(std::string_view host);

}  // namespace sluice::ui
