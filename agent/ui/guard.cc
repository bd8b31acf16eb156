#include "agent/ui/guard.h"

#include <algorithm>

namespace sluice::ui {

using boost::asio::ip::tcp;

base::Result<tcp::endpoint> loopback_endpoint(std::string_view text) {
  const auto at = serve::parse_endpoint(text);
  if (!at) return at.error();
  if (!at->address().is_loopback())
    return base::Error(
        std::string(text) +
        ": others could reach it, and it asks for no password: give 127.0.0.1:PORT or [::1]:PORT, and "
        "come from elsewhere through ssh -L");
  return *at;
}

bool is_own_host(std::string_view host) {
  const size_t colon = host.rfind(':');
  const bool has_port = colon != host.npos && host.find(']', colon) == host.npos;
  const std::string_view name = has_port ? host.substr(0, colon) : host;
  if (has_port && !std::ranges::all_of(host.substr(colon + 1), [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  if (name == "localhost") return true;
  const auto at = serve::parse_endpoint(std::string(name) + ":0");
  return at && at->address().is_loopback();
}

}  // namespace sluice::ui
