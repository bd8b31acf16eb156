// What a capture holds and what observe recorded: packets one after the other (a byte of length, then as many bytes), and
// the same bytes as JSON lines.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/replay/flows.h"
#include "tests/fuzz/law.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  sluice::replay::Connections connections;
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto length = static_cast<uint8_t>(rest.front());
    rest.remove_prefix(1);
    connections.add(rest.substr(0, length), "");
    rest.remove_prefix(length < rest.size() ? length : rest.size());
  }
  for (const auto& flow : connections.take().all)
    sluice::fuzz::require(flow.source.ip && flow.destination.ip &&
                          flow.protocol.has_ports() == flow.destination.port.has_value());
  for (const auto& flow : sluice::replay::read_flows(bytes, "f").all)
    sluice::fuzz::require(!flow.protocol.has_ports() || flow.destination.port);
  return 0;
}
