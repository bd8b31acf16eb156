#include "agent/image/encode.h"

#include <algorithm>
#include <array>

namespace sluice::image {

using base::Error;
using base::Result;

namespace {

struct MapEntry {
  std::string_view name;
  MapSizes sizes;
};
constexpr std::array<MapEntry, SLUICE_MAP_COUNT> kMaps = {{
#define SLUICE_ENTRY(NAME, name, type, key, value, entries, flags) \
  MapEntry{#name, {sizeof(key), sizeof(value), entries}},
    SLUICE_MAPS(SLUICE_ENTRY)
#undef SLUICE_ENTRY
#define SLUICE_ENTRY(NAME, name, key, words, entries) \
  MapEntry{#name, {sizeof(key), sizeof(sluice_cell), entries}},
        SLUICE_TABLES(SLUICE_ENTRY)
#undef SLUICE_ENTRY
}};

template <typename T>
void copy_bytes(const net::Ip& ip, T& to) {
  auto bytes = ip.bytes();
  std::memcpy(&to, bytes.data(), std::min(bytes.size(), sizeof(to)));
}

template <typename T>
net::Ip ip_of(const T& bytes) {
  return *net::Ip::from_bytes({reinterpret_cast<const uint8_t*>(&bytes), sizeof(bytes)});
}

}  // namespace

std::string_view map_name(sluice_map map) {
  return kMaps[map].name;
}
MapSizes map_sizes(sluice_map map) {
  return kMaps[map].sizes;
}

sluice_address4 encode4(const net::Ip& ip) {
  sluice_address4 key{};
  copy_bytes(ip, key.address);
  return key;
}

sluice_address6 encode6(const net::Ip& ip) {
  sluice_address6 key{};
  copy_bytes(ip, key.address);
  return key;
}

sluice_prefix4 encode4(const net::Cidr& cidr) {
  return {static_cast<uint32_t>(cidr.length()), encode4(cidr.base()).address};
}

sluice_prefix6 encode6(const net::Cidr& cidr) {
  sluice_prefix6 key{};
  key.length = static_cast<uint32_t>(cidr.length());
  copy_bytes(cidr.base(), key.address);
  return key;
}

sluice_source encode(const net::Cidr& prefix, uint32_t flow_id) {
  sluice_source key{};
  key.length = SLUICE_SOURCE_BITS + static_cast<uint32_t>(prefix.length());
  key.endpoint = flow_id;
  key.family = static_cast<uint32_t>(prefix.family());
  copy_bytes(prefix.base(), key.address);
  return key;
}

sluice_service encode(const ServiceKey& key) {
  sluice_service encoded{};
  bool v4 = key.address.family() == net::Family::kIpv4;
  if (!key.node_port) copy_bytes(key.address, encoded.address);
  encoded.port = key.port.network();
  encoded.protocol = key.protocol.number();
  encoded.kind = key.node_port ? (v4 ? SLUICE_SERVICE_NODE_PORT4 : SLUICE_SERVICE_NODE_PORT6)
                               : (v4 ? SLUICE_SERVICE_IPV4 : SLUICE_SERVICE_IPV6);
  return encoded;
}

sluice_rule encode(const RuleKey& key) {
  return {key.ruleset.value, key.identity.value};
}

uint64_t encode(const Address& address) {
  return address.identity.value | (address.node ? SLUICE_IDENTITY_NODE : 0) |
         (address.service ? SLUICE_IDENTITY_SERVICE : 0);
}

sluice_learnt_address encode_learnt(const net::Ip& ip, net::Port port) {
  sluice_learnt_address key{};
  const auto bytes = ip.bytes();
  std::memcpy(key.word, bytes.data(), bytes.size());
  key.family = ip.family() == net::Family::kIpv4 ? 4 : 6;
  key.port = port.network();
  return key;
}

sluice_learnt_names encode_names(std::span<const std::pair<NameSlot, uint64_t>> names) {
  sluice_learnt_names value{};
  for (size_t i = 0; i < std::min<size_t>(names.size(), SLUICE_NAMES_OF_ADDRESS); ++i)
    value.word[i] = SLUICE_LEARNT_WORD(names[i].second, names[i].first);
  return value;
}

net::Ip decode_learnt(const sluice_learnt_address& key) {
  if (key.family == 4) return decode(sluice_address4{key.word[0]});
  sluice_address6 address{};
  std::memcpy(address.address, key.word, sizeof address.address);
  return decode(address);
}

net::Ip decode(const sluice_address4& key) {
  return ip_of(key.address);
}
net::Ip decode(const sluice_address6& key) {
  return ip_of(key.address);
}

Result<net::Cidr> decode(const sluice_prefix4& key) {
  return net::Cidr::of(ip_of(key.address), static_cast<int>(std::min(key.length, 33u)));
}

Result<net::Cidr> decode(const sluice_prefix6& key) {
  return net::Cidr::of(ip_of(key.address), static_cast<int>(std::min(key.length, 129u)));
}

Result<net::Cidr> decode(const sluice_source& key) {
  if (key.length < SLUICE_SOURCE_BITS || (key.family != 4 && key.family != 6))
    return Error("sources: no prefix of any family");
  const size_t bytes = key.family == 4 ? 4 : 16;
  return net::Cidr::of(*net::Ip::from_bytes({key.address, bytes}),
                       static_cast<int>(std::min(key.length - SLUICE_SOURCE_BITS, 129u)));
}

Result<ServiceKey> decode(const sluice_service& key) {
  ServiceKey decoded;
  decoded.protocol = net::Protocol(key.protocol);
  decoded.port = net::Port::from_network(key.port);
  switch (key.kind) {
    case SLUICE_SERVICE_NODE_PORT4:
    case SLUICE_SERVICE_IPV4:
      decoded.address = *net::Ip::from_bytes({key.address, 4});
      break;
    case SLUICE_SERVICE_NODE_PORT6:
    case SLUICE_SERVICE_IPV6:
      decoded.address = *net::Ip::from_bytes({key.address, 16});
      break;
    default:
      return Error("services: unknown kind " + std::to_string(key.kind));
  }
  decoded.node_port = key.kind == SLUICE_SERVICE_NODE_PORT4 || key.kind == SLUICE_SERVICE_NODE_PORT6;
  return decoded;
}

RuleKey decode(const sluice_rule& key) {
  return {{key.ruleset}, {key.identity}};
}

Address decode_address(uint64_t value) {
  return {{value & SLUICE_IDENTITY_MASK},
          (value & SLUICE_IDENTITY_NODE) != 0,
          (value & SLUICE_IDENTITY_SERVICE) != 0};
}

namespace {

uint32_t high(uint64_t word) {
  return static_cast<uint32_t>(word >> 32);
}
uint32_t low(uint64_t word) {
  return static_cast<uint32_t>(word);
}

// All but what names the flow.
template <typename Flow>
sluice_flow_edit decode_state(uint64_t state, const Flow& flow) {
  sluice_flow_edit edit{};
  edit.bits = SLUICE_FLOW_BITS(state);
  // Words of two connections, of which one was being opened in this moment: judged anew at the next packet.
  if (SLUICE_FLOW_OPENERS_DIFFER(flow.judged, state) == 0) {
    edit.epoch = low(flow.judged);
    edit.name = SLUICE_FLOW_NAME(flow.judged);
  }
  edit.seen = SLUICE_FLOW_SEEN(state);
  edit.kind = SLUICE_FLOW_ADD;
  return edit;
}

}  // namespace

sluice_flow_edit decode(uint64_t state, const sluice_flow4& flow) {
  sluice_flow_edit edit = decode_state(state, flow);
  edit.family = 4;
  edit.endpoint = high(flow.key[0]);
  edit.remote[0] = low(flow.key[0]);
  edit.ports = high(flow.key[1]);
  edit.protocol = SLUICE_FLOW_PROTOCOL(flow.key[1]);
  return edit;
}

sluice_flow_edit decode(uint64_t state, const sluice_flow6& flow) {
  sluice_flow_edit edit = decode_state(state, flow);
  edit.family = 6;
  for (size_t i = 0; i < 2; ++i) {
    edit.remote[2 * i] = high(flow.key[i]);
    edit.remote[2 * i + 1] = low(flow.key[i]);
  }
  edit.endpoint = high(flow.key[2]);
  edit.ports = low(flow.key[2]);
  edit.protocol = SLUICE_FLOW_PROTOCOL(flow.key[3]);
  return edit;
}

}  // namespace sluice::image
