// Options of every command that asks an agent.
#pragma once

#include <chrono>
#include <string>

#include "agent/apps/command_line.h"
#include "agent/base/default_socket.h"
#include "agent/control/client.h"

namespace sluice::apps::ctl {

// Whom to ask, and for how long.
struct Asking {
  std::string socket = base::kDefaultSocket, timeout = "10s";

  std::chrono::milliseconds patience() const { return parse_duration(timeout).value(); }
  control::Client client() const { return control::Client(socket, patience()); }
};

void add_asking_options(CLI::App& command, Asking& asking);

// A reply of the control API, with the names of its fields.
base::Result<std::string> json_text(const google::protobuf::Message& reply);

// A number, a name, or empty: none.
void set_port(v1::CheckRequest& request, const std::string& text);

}  // namespace sluice::apps::ctl
