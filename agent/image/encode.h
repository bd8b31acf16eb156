// Encode: values of an Image to the keys and values of include/sluice/layout.h and back. Byte order as
// written there.
#pragma once

#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "agent/image/image.h"
#include "agent/image/plan.h"

namespace sluice::image {

// "addresses4": the map's name as pinned.
std::string_view map_name(sluice_map map);
struct MapSizes {
  uint32_t key, value, entries;
};
MapSizes map_sizes(sluice_map map);

sluice_address4 encode4(const net::Ip& ip);
sluice_address6 encode6(const net::Ip& ip);
sluice_prefix4 encode4(const net::Cidr& cidr);
sluice_prefix6 encode6(const net::Cidr& cidr);
sluice_source encode(const net::Cidr& prefix, uint32_t flow_id);  // of the endpoint with this id
sluice_service encode(const ServiceKey& key);
sluice_rule encode(const RuleKey& key);
uint64_t encode(const Address& address);  // identity and SLUICE_IDENTITY_… flags

sluice_learnt_address encode_learnt(const net::Ip& ip, net::Port port = {});
// At most SLUICE_NAMES_OF_ADDRESS of them: slot and CLOCK_BOOTTIME in nanoseconds.
sluice_learnt_names encode_names(std::span<const std::pair<NameSlot, uint64_t>> names);

net::Ip decode(const sluice_address4& key);
net::Ip decode_learnt(const sluice_learnt_address& key);
net::Ip decode(const sluice_address6& key);
base::Result<net::Cidr> decode(const sluice_prefix4& key);
base::Result<net::Cidr> decode(const sluice_prefix6& key);
base::Result<net::Cidr> decode(const sluice_source& key);
base::Result<ServiceKey> decode(const sluice_service& key);
RuleKey decode(const sluice_rule& key);
Address decode_address(uint64_t value);
// An entry in use of a flow table, as what would make the same entry anew.
sluice_flow_edit decode(uint64_t state, const sluice_flow4& flow);
sluice_flow_edit decode(uint64_t state, const sluice_flow6& flow);
// Every entry in use of a bucket.
template <typename Bucket>
void for_each_flow(const Bucket& bucket, const auto& visit) {
  for (size_t way = 0; way < SLUICE_FLOW_WAYS; ++way)
    if (bucket.state[way] != 0) visit(decode(bucket.state[way], bucket.way[way]));
}

// What a packet of `epoch` sees in a cell.
inline uint64_t cell_at(const sluice_cell& cell, uint64_t epoch) {
  return cell.since <= epoch ? cell.now : cell.before;
}

// Packs entries of one map into a Batch.
class BatchBuilder {
 public:
  explicit BatchBuilder(sluice_map map) {
    put_.map = map;
    remove_.map = map;
    remove_.removal = true;
  }
  // Room for so many entries to come.
  void reserve(size_t puts, size_t removals) {
    const MapSizes sizes = map_sizes(put_.map);
    put_.keys.reserve(puts * sizes.key);
    put_.values.reserve(puts * sizes.value);
    remove_.keys.reserve(removals * sizes.key);
  }
  template <typename Key, typename Value>
  void put(const Key& key, const Value& value) {
    append(put_.keys, key);
    append(put_.values, value);
    ++put_.count;
  }
  template <typename Key>
  void remove(const Key& key) {
    append(remove_.keys, key);
    ++remove_.count;
  }
  // Appends what was packed to `puts` and `removals`; nothing where nothing was.
  void finish(std::vector<Batch>& puts, std::vector<Batch>& removals) && {
    if (put_.count) puts.push_back(std::move(put_));
    if (remove_.count) removals.push_back(std::move(remove_));
  }

 private:
  template <typename T>
  static void append(std::vector<uint8_t>& bytes, const T& value) {
    static_assert(std::has_unique_object_representations_v<T>);
    const auto* begin = reinterpret_cast<const uint8_t*>(&value);
    bytes.insert(bytes.end(), begin, begin + sizeof(value));
  }
  Batch put_, remove_;
};

}  // namespace sluice::image
