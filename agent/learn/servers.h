// Servers: which DNS servers are believed (semantics 77), and how an option says so.
// Pure; any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/base/result.h"
#include "agent/compile/compilation.h"
#include "agent/learn/learner.h"

namespace sluice::learn {

// An address with a port, or a Service: its address at port 53, and the endpoints behind it.
using ServerOption = std::variant<Server, model::ObjectName>;

// "ADDRESS[:PORT]", "[ADDRESS]:PORT" or "NAMESPACE/SERVICE".
base::Result<ServerOption> parse_server(std::string_view text);

struct Believed {
  // Not given: kube-system/kube-dns, and this node's own addresses while a node-local cache runs here.
  std::vector<ServerOption> options;
  bool usual = true;
};
// --dns-server, repeated; "none" alone: nobody is believed. Nothing given: the usual ones.
base::Result<Believed> parse_servers(const std::vector<std::string>& texts);

// Those of the cluster as this node sees it.
std::set<Server> servers(const Believed& believed, const compile::Compilation& compilation,
                         std::string_view node_name);

}  // namespace sluice::learn
