#include "agent/packet/maps.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "agent/image/encode.h"

namespace sluice::packet {

using base::done;
using base::Error;
using base::Status;

namespace {

constexpr std::array<std::string_view, SLUICE_FIRST_TABLE> kTypes = {
#define SLUICE_TYPE(NAME, name, type, key, value, entries, flags) #type,
    SLUICE_MAPS(SLUICE_TYPE)
#undef SLUICE_TYPE
};

constexpr size_t kMostEvents = 4096;
constexpr uint32_t kZero = 0;

std::string bytes_of(const void* data, size_t size) {
  return {static_cast<const char*>(data), size};
}

template <typename T>
std::string key_of(const T& key) {
  return bytes_of(&key, sizeof(key));
}

}  // namespace

Maps::Maps() {
  for (size_t i = 0; i < tables_.size(); ++i) {
    image::MapSizes sizes = image::map_sizes(static_cast<sluice_map>(i));
    tables_[i].key_size = sizes.key;
    tables_[i].value_size = sizes.value;
    tables_[i].limit = sizes.entries;
    tables_[i].is_array = kTypes[i] == "ARRAY" || kTypes[i] == "PERCPU_ARRAY";
    tables_[i].is_trie = kTypes[i] == "LPM_TRIE";
    tables_[i].evicts = kTypes[i] == "LRU_HASH";
  }
  auto* config = static_cast<sluice_config*>(lookup(SLUICE_MAP_CONFIG, &kZero));
  config->epoch = 1;
  uint32_t seed = 0x9e3779b9;  // any will do: nobody aims at these buckets
  for (auto& word : config->flow_seed) word = seed = seed * 1664525 + 1013904223;
  uint32_t all = SLUICE_PORTS_ALL;
  std::memset(lookup(SLUICE_MAP_PORT_PAGES, &all), 0xff, sizeof(sluice_port_page));
  auto* table = static_cast<sluice_port_table*>(lookup(SLUICE_MAP_PORT_TABLES, &all));
  std::fill(std::begin(table->page), std::end(table->page), uint16_t{SLUICE_PORTS_ALL});
  open_policy();
}

void Maps::open_policy() {
  auto* config = static_cast<sluice_config*>(lookup(SLUICE_MAP_CONFIG, &kZero));
  lengths4_.resize(SLUICE_LENGTH_SLOTS);
  lengths6_.resize(SLUICE_LENGTH_SLOTS);
  memory_ = std::make_unique<TableMemory>(*config);
  policy_ = *table::Tables::open(*memory_, *config, {lengths4_, lengths6_});
}

void Maps::set_limit(sluice_map map, uint32_t entries) {
  if (table::Tables::has(map))
    policy_->set_limit(map, entries);
  else
    tables_[map].limit = entries;
}

const __u64* Maps::table_line(uint32_t slot, uint32_t index) {
  ++operations_.lookups[SLUICE_FIRST_TABLE + slot / 2];
  const auto lines = memory_->at(slot);
  return index < lines.size() ? lines[index].word : nullptr;
}

// One entry after the other: a packet may be judged between any two.
Status Maps::write_policy(const image::Batch& batch) {
  const auto sizes = image::map_sizes(batch.map);
  for (uint32_t i = 0; i < batch.count; ++i) {
    image::Batch one{batch.map, batch.removal, 1, {}, {}};
    const auto part = [i](const std::vector<uint8_t>& bytes, size_t size) {
      const auto begin = bytes.begin() + static_cast<ptrdiff_t>(i * size);
      return std::vector<uint8_t>(begin, begin + static_cast<ptrdiff_t>(size));
    };
    one.keys = part(batch.keys, sizes.key);
    if (!batch.removal) one.values = part(batch.values, sizes.value);
    if (Status status = policy_->write(one); !status) return status;
    wrote();
  }
  return done();
}

void Maps::wrote() {
  if (observer_) observer_();
}

// An array's entries are all there, zero until written.
uint8_t* Maps::find(Table& table, const std::string& key) {
  auto found = table.entries.find(key);
  if (found != table.entries.end()) {
    if (table.evicts) table.by_use.splice(table.by_use.end(), table.by_use, found->second.use);
    return found->second.value.get();
  }
  if (!table.is_array) return nullptr;
  uint32_t index;
  std::memcpy(&index, key.data(), sizeof(index));
  return index < table.limit ? add(table, key) : nullptr;
}

uint8_t* Maps::add(Table& table, const std::string& key) {
  Entry entry{std::make_unique<uint8_t[]>(table.value_size), table.by_use.end()};
  if (table.evicts) entry.use = table.by_use.insert(table.by_use.end(), key);
  return table.entries.emplace(key, std::move(entry)).first->second.value.get();
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): it is the table's

void Maps::erase(Table& table, const std::string& key) {
  auto found = table.entries.find(key);
  if (found == table.entries.end()) return;
  if (table.evicts) table.by_use.erase(found->second.use);
  table.entries.erase(found);
}

uint8_t* Maps::longest_match(Table& table, const uint8_t* key) {
  uint32_t longest;
  std::memcpy(&longest, key, sizeof(longest));
  std::string shorter = bytes_of(key, table.key_size);
  for (uint32_t length = longest;; --length) {
    std::memcpy(shorter.data(), &length, sizeof(length));
    for (size_t byte = 0; byte + sizeof(length) < table.key_size; ++byte) {
      int keep = std::clamp(static_cast<int>(length) - 8 * static_cast<int>(byte), 0, 8);
      shorter[byte + sizeof(length)] = static_cast<char>(key[byte + sizeof(length)] & (0xff00u >> keep));
    }
    if (uint8_t* found = find(table, shorter)) return found;
    if (length == 0) return nullptr;
  }
}

void* Maps::lookup(sluice_map map, const void* key) {
  ++operations_.lookups[map];
  if (map == SLUICE_MAP_PREFIX_LENGTHS4 || map == SLUICE_MAP_PREFIX_LENGTHS6) return length_slot(map, key);
  Table& table = tables_[map];
  if (table.is_trie) return longest_match(table, static_cast<const uint8_t*>(key));
  return find(table, bytes_of(key, table.key_size));
}

void Maps::insert(sluice_map map, const void* key, const void* value) {
  ++operations_.inserts[map];
  Status ignored = put(map, bytes_of(key, tables_[map].key_size), static_cast<const uint8_t*>(value));
  (void)ignored;  // as in the kernel: a program goes on when its insertion fails
}

void Maps::remove(sluice_map map, const void* key) {
  erase(tables_[map], bytes_of(key, tables_[map].key_size));
}

Status Maps::put(sluice_map map, const std::string& key, const uint8_t* value) {
  Table& table = tables_[map];
  uint8_t* entry = find(table, key);
  if (!entry && table.is_array) return Error("map " + std::string(image::map_name(map)) + ": no such index");
  if (!entry && table.entries.size() >= table.limit) {
    if (!table.evicts)
      return Error::full("map " + std::string(image::map_name(map)) + " is full: all " +
                         std::to_string(table.limit) + " entries are in use");
    erase(table, std::string(table.by_use.front()));
  }
  if (!entry) entry = add(table, key);
  std::memcpy(entry, value, table.value_size);
  return done();
}

void* Maps::length_slot(sluice_map map, const void* key) {
  uint32_t index = 0;
  std::memcpy(&index, key, sizeof index);
  if (index >= SLUICE_LENGTH_SLOTS) return nullptr;
  return map == SLUICE_MAP_PREFIX_LENGTHS4 ? static_cast<void*>(&lengths4_[index])
                                           : static_cast<void*>(&lengths6_[index]);
}

Status Maps::write(const image::Batch& batch) {
  if (table::Tables::has(batch.map)) return write_policy(batch);
  Table& table = tables_[batch.map];
  for (uint32_t i = 0; i < batch.count; ++i) {
    std::string key = bytes_of(batch.keys.data() + size_t{i} * table.key_size, table.key_size);
    if (batch.removal)
      erase(table, key);
    else if (auto status = put(batch.map, key, batch.values.data() + size_t{i} * table.value_size); !status)
      return status;
    wrote();
  }
  return done();
}

Status Maps::store(const image::EndpointWrite& write) {
  auto* entry = static_cast<sluice_endpoint*>(lookup(SLUICE_MAP_ENDPOINTS, &write.index));
  if (!entry) return Error("map endpoints: no index " + std::to_string(write.index));
  std::array<sluice_sides, 2> policy = {entry->policy[0], entry->policy[1]};
  policy[static_cast<size_t>(write.slot)] = write.value.policy[write.slot];
  const uint32_t flags = entry->pod == write.value.pod ? entry->flags : 0;
  *entry = write.value;
  entry->flags = flags;
  std::copy(policy.begin(), policy.end(), entry->policy);
  wrote();
  return done();
}

Status Maps::store(const image::InterfaceWrite& write) {
  uint32_t slot = write.ifindex % SLUICE_INTERFACE_SLOTS;
  auto* entry = static_cast<sluice_interface*>(lookup(SLUICE_MAP_INTERFACES, &slot));
  bool direct = entry->ifindex == 0 || entry->ifindex == write.ifindex;
  auto index = static_cast<uint32_t>(write.endpoint);
  if (write.endpoint < 0) {
    if (direct) *entry = {};
    remove(SLUICE_MAP_INTERFACES_MORE, &write.ifindex);
  } else if (direct) {
    *entry = {write.ifindex, index};
  } else if (auto status =
                 put(SLUICE_MAP_INTERFACES_MORE, key_of(write.ifindex), reinterpret_cast<uint8_t*>(&index));
             !status) {
    return status;
  }
  wrote();
  return done();
}

void Maps::set_agent_flags(uint64_t flags) {
  auto* config = static_cast<sluice_config*>(lookup(SLUICE_MAP_CONFIG, &kZero));
  constexpr uint64_t kAgent = SLUICE_CONFIG_AUDIT | SLUICE_CONFIG_PERMISSIVE | SLUICE_CONFIG_DNS_PORTS;
  config->flags = (config->flags & ~kAgent) | (flags & kAgent);
}

Status Maps::set_prefix_flags(uint64_t flags) {
  auto* config = static_cast<sluice_config*>(lookup(SLUICE_MAP_CONFIG, &kZero));
  constexpr uint64_t kPrefixes = SLUICE_CONFIG_PREFIXES4 | SLUICE_CONFIG_PREFIXES6;
  config->flags = (config->flags & ~kPrefixes) | (flags & kPrefixes);
  wrote();
  return done();
}

Status Maps::flip(uint64_t epoch, uint64_t next_endpoint_id) {
  auto* config = static_cast<sluice_config*>(lookup(SLUICE_MAP_CONFIG, &kZero));
  config->next_endpoint_id = next_endpoint_id;
  config->epoch = epoch;
  wrote();
  return done();
}

Status Maps::wait_grace() {
  policy_->note_grace();
  return done();
}

void Maps::clear_flows() {
  for (sluice_map map :
       {SLUICE_MAP_FLOWS4, SLUICE_MAP_FLOWS6, SLUICE_MAP_FLOW_COUNTS, SLUICE_MAP_FRAGMENTS}) {
    tables_[map].entries.clear();
    tables_[map].by_use.clear();
  }
}

template <typename Key, typename Value>
void Maps::copy_table(sluice_map map, image::Table<Key, Value>& to) const {
  for (const auto& [key_bytes, entry] : tables_[map].entries) {
    auto& [key, value] = to.emplace_back();
    std::memcpy(&key, key_bytes.data(), sizeof(key));
    std::memcpy(&value, entry.value.get(), sizeof(value));
  }
  std::sort(to.begin(), to.end(), [](const auto& a, const auto& b) {
    return std::memcmp(&a.first, &b.first, sizeof(a.first)) < 0;
  });
}

template <typename Value>
void Maps::copy_array(sluice_map map, std::vector<Value>& to) const {
  const Value zero{};
  for (const auto& [key_bytes, entry] : tables_[map].entries) {
    uint32_t index;
    std::memcpy(&index, key_bytes.data(), sizeof(index));
    if (std::memcmp(entry.value.get(), &zero, sizeof(zero)) == 0) continue;
    if (to.size() <= index) to.resize(index + 1);
    std::memcpy(&to[index], entry.value.get(), sizeof(Value));
  }
}

image::Contents Maps::contents() const {
  image::Contents contents;
  std::vector<sluice_config> config;
  std::vector<sluice_interface> direct;
  copy_array(SLUICE_MAP_CONFIG, config);
  contents.config = config.at(0);
  copy_table(SLUICE_MAP_INTERFACES_MORE, contents.interfaces);
  copy_array(SLUICE_MAP_INTERFACES, direct);
  for (const sluice_interface& slot : direct)
    if (slot.ifindex != 0) contents.interfaces.emplace_back(slot.ifindex, slot.endpoint);
  copy_array(SLUICE_MAP_ENDPOINTS, contents.endpoints);
  policy_->read(contents);
  copy_table(SLUICE_MAP_SOURCES, contents.sources);
  copy_table(SLUICE_MAP_NAMES, contents.names);
  copy_array(SLUICE_MAP_PORTSETS, contents.portsets);
  copy_array(SLUICE_MAP_PORT_TABLES, contents.port_tables);
  copy_array(SLUICE_MAP_PORT_PAGES, contents.port_pages);
  return contents;
}

std::vector<sluice_flow_edit> Maps::flows() const {
  std::vector<sluice_flow_edit> all;
  const auto list = [&all]<typename Bucket>(const Table& table, const Bucket*) {
    for (const auto& [key, entry] : table.entries)
      image::for_each_flow(*reinterpret_cast<const Bucket*>(entry.value.get()),
                           [&all](const sluice_flow_edit& flow) { all.push_back(flow); });
  };
  list(tables_[SLUICE_MAP_FLOWS4], static_cast<const sluice_flows4*>(nullptr));
  list(tables_[SLUICE_MAP_FLOWS6], static_cast<const sluice_flows6*>(nullptr));
  return all;
}

sluice_user_ctx Maps::context(uint32_t now) {
  sluice_user_ctx ctx{};
  ctx.now = now;
  ctx.flow_buckets4 = tables_[SLUICE_MAP_FLOWS4].limit;
  ctx.flow_buckets6 = tables_[SLUICE_MAP_FLOWS6].limit;
  ctx.flow_share = ctx.flow_buckets4 * SLUICE_FLOW_WAYS / 2 / SLUICE_FLOW_SHARES;
  ctx.maps = this;
  ctx.lookup = [](void* maps, sluice_map map, const void* key) {
    return static_cast<Maps*>(maps)->lookup(map, key);
  };
  ctx.table_line = [](void* maps, __u32 slot, __u32 index) {
    return static_cast<Maps*>(maps)->table_line(slot, index);
  };
  ctx.insert = [](void* maps, sluice_map map, const void* key, const void* value) {
    static_cast<Maps*>(maps)->insert(map, key, value);
  };
  ctx.emit = [](void* maps, const sluice_event* event) {
    auto& events = static_cast<Maps*>(maps)->events_;
    if (events.size() >= kMostEvents) return false;
    events.push_back(*event);
    return true;
  };
  ctx.emit_packet = [](void* maps, const sluice_dns_packet* entry, const __u8* frame) {
    auto& packets = static_cast<Maps*>(maps)->dns_packets_;
    if (packets.size() >= kMostEvents) return false;
    packets.push_back({*entry, {frame, frame + entry->length}});
    return true;
  };
  return ctx;
}

bool Maps::passes(const std::vector<uint8_t>& frame, uint32_t ifindex, sluice_direction direction,
                  uint32_t now, uint32_t mark) {
  sluice_user_ctx ctx = context(now);
  ctx.data = frame.data();
  ctx.length = static_cast<uint32_t>(frame.size());
  ctx.ifindex = ifindex;
  ctx.mark = mark;
  return sluice_user_path(&ctx, direction);
}

void Maps::edit(const sluice_flow_edit& edit, uint32_t now) {
  sluice_user_ctx ctx = context(now);
  sluice_user_edit_flow(&ctx, &edit);
}

}  // namespace sluice::packet
