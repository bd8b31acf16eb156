// Matrix: who reaches whom, as a value, and how it is shown as text (as a page: agent/picture). Measured by
// the lab or computed by an engine, it is the same matrix and prints the same.
//
// Laws:
//  1. `cells` is square, pods.size() by pods.size(), as cells[from][to]; rows and columns share
//     one order.
//  2. An entry whose namespace is empty is a plain host (an outside world), not a pod.
//  3. The same value renders to the same bytes.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/objects.h"
#include "agent/net/port.h"

namespace sluice::model {

// kNoPath: the two have no address family in common, or the destination has no port of the name that was
// asked for.
enum class Cell : uint8_t { kAllow, kDeny, kSelf, kNoPath };
std::string_view to_text(Cell cell);  // "allow", "deny", "self", "none"

struct Matrix {
  net::Protocol protocol = net::kTcp;
  net::Port port;         // 0 where the protocol has none, or where it is named
  std::string port_name;  // of each destination its own port of this name; empty: not named
  std::vector<ObjectName> pods;
  std::vector<std::vector<Cell>> cells;
  bool operator==(const Matrix&) const = default;

  // Every cell kDeny, the diagonal kSelf.
  static Matrix closed(net::Protocol protocol, net::Port port, std::vector<ObjectName> pods);
  std::string title() const;  // "TCP 80", "TCP http", "ICMP"
};

// Lines of text: rows are numbered, columns carry the row's number (upright, so that 40 pods fit in 120
// columns), long names are shortened and spelled out below, a legend ends it. `colour` adds ANSI colours; the
// glyphs alone say everything.
std::string to_table(const Matrix& matrix, bool colour);

// {"protocol":"TCP","port":80,"pods":["prod/web-0",...],"cells":[["self","allow",...],...]}, one row a line; a named
// port as its name, "http". Of several an array.
std::string to_json(const std::vector<Matrix>& matrices);

}  // namespace sluice::model
