#include "agent/kernel/flows.h"

#include <cstddef>
#include <cstring>
#include <ctime>

#include "agent/kernel/entries.h"
#include "agent/kernel/hz.h"

namespace sluice::kernel {

static_assert(offsetof(sluice_flow4_key, endpoint) == 0 && offsetof(sluice_flow6_key, endpoint) == 0);

namespace {

// Of the kernel's count, which starts five minutes before it wraps (linux/jiffies.h: INITIAL_JIFFIES) and
// follows CLOCK_MONOTONIC. A minute short: a flow must not seem to be of the future.
constexpr uint32_t kJiffiesStart = 300, kShort = 60;

base::Result<uint32_t> jiffies_lately() {
  const auto per_second = jiffies_per_second();
  if (!per_second) return per_second.error();
  timespec now{};
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return base::Error::from_errno(errno, "clock_gettime");
  return (static_cast<uint32_t>(now.tv_sec) - kJiffiesStart - kShort) * *per_second;
}

template <typename Key>
Key key_of(const OpenFlow& flow) {
  Key key{};
  key.endpoint = flow.endpoint;
  std::memcpy(&key.remote, flow.remote.bytes().data(), flow.remote.bytes().size());
  key.local_port = flow.local_port.network();
  key.remote_port = flow.remote_port.network();
  key.protocol = net::kTcp.number();
  return key;
}

template <typename T>
void append(std::vector<uint8_t>& bytes, const T& value) {
  const auto* first = reinterpret_cast<const uint8_t*>(&value);
  bytes.insert(bytes.end(), first, first + sizeof value);
}

}  // namespace

base::Status put_flows(const Programs& programs, const std::vector<OpenFlow>& flows) {
  const auto lately = jiffies_lately();
  if (!lately) return lately.error();
  for (const net::Family family : {net::Family::kIpv4, net::Family::kIpv6}) {
    std::vector<uint8_t> keys, values;
    for (const OpenFlow& flow : flows) {
      if (flow.remote.family() != family) continue;
      if (family == net::Family::kIpv4)
        append(keys, key_of<sluice_flow4_key>(flow));
      else
        append(keys, key_of<sluice_flow6_key>(flow));
      // Epoch 0 is none: judged at its next packet.
      append(values, sluice_flow{0, *lately, static_cast<uint8_t>(flow.opener), SLUICE_FLOW_ANSWERED, {}});
    }
    const MapHandle map = programs.map(family == net::Family::kIpv4 ? SLUICE_MAP_FLOWS4 : SLUICE_MAP_FLOWS6);
    if (auto put = put_entries(map, keys, values); !put) return put;
  }
  return base::done();
}

base::Result<size_t> forget_flows(const Programs& programs, const std::set<uint32_t>& endpoints) {
  size_t forgotten = 0;
  if (endpoints.empty()) return forgotten;
  for (const sluice_map which : {SLUICE_MAP_FLOWS4, SLUICE_MAP_FLOWS6}) {
    const MapHandle map = programs.map(which);
    const size_t key_size = map.shape().key_size;
    auto entries = get_entries(map);
    if (!entries) return entries.error();
    std::vector<uint8_t> theirs;
    for (size_t at = 0; at < entries->keys.size(); at += key_size) {
      uint32_t endpoint = 0;
      std::memcpy(&endpoint, &entries->keys[at], sizeof endpoint);
      if (endpoints.contains(endpoint))
        theirs.insert(theirs.end(), &entries->keys[at], &entries->keys[at] + key_size);
    }
    forgotten += theirs.size() / key_size;
    if (auto dropped = drop_entries(map, theirs); !dropped) return dropped.error();
  }
  return forgotten;
}

}  // namespace sluice::kernel
