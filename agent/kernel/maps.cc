#include "agent/kernel/maps.h"

#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <type_traits>

#include "agent/kernel/counters.h"
#include "agent/kernel/entries.h"
#include "agent/kernel/flows.h"

namespace sluice::kernel {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr uint64_t kPrefixFlags = SLUICE_CONFIG_PREFIXES4 | SLUICE_CONFIG_PREFIXES6;
constexpr uint64_t kAgentFlags = SLUICE_CONFIG_AUDIT | SLUICE_CONFIG_PERMISSIVE | SLUICE_CONFIG_DNS_PORTS;

template <typename Word>
void store_relaxed(Word& word, std::type_identity_t<Word> value) {
  std::atomic_ref(word).store(value, std::memory_order_relaxed);
}
template <typename Word>
void store_release(Word& word, std::type_identity_t<Word> value) {
  std::atomic_ref(word).store(value, std::memory_order_release);
}

Error out_of_range(sluice_map map, uint64_t index, uint32_t entries) {
  return Error::from_errno(ENOSPC, std::string("map ") + kMapShapes[map].name + ": entry " +
                                       std::to_string(index) + " does not fit, its limit is " +
                                       std::to_string(entries) + " entries");
}

// Entries of an array of things that nothing refers to yet (or any more: a removal zeroes them).
template <typename Value>
Status store_array(MappedArray<Value>& array, const image::Batch& batch) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    uint32_t index = 0;
    std::memcpy(&index, &batch.keys[i * sizeof index], sizeof index);
    if (index >= array.size()) return out_of_range(batch.map, index, array.size());
    if (batch.removal) {
      array[index] = Value{};
    } else {
      std::memcpy(&array[index], &batch.values[i * sizeof(Value)], sizeof(Value));
    }
  }
  std::atomic_thread_fence(std::memory_order_release);
  return base::done();
}

Status check_packing(const image::Batch& batch) {
  if (batch.map >= SLUICE_MAP_COUNT) return Error("batch: names no map");
  const auto& shape = kMapShapes[batch.map];
  const size_t values = batch.removal ? 0 : size_t{batch.count} * shape.value_size;
  if (batch.keys.size() == size_t{batch.count} * shape.key_size && batch.values.size() == values)
    return base::done();
  return Error(std::string("map ") + shape.name + ": a batch of " + std::to_string(batch.count) +
               " entries carries " + std::to_string(batch.keys.size()) + " bytes of keys and " +
               std::to_string(batch.values.size()) + " of values");
}

void store_side(sluice_side& slot, const sluice_side& value) {
  store_relaxed(slot.ruleset, value.ruleset);
  store_relaxed(slot.default_ref, value.default_ref);
}

void store_policy(sluice_sides& slot, const sluice_sides& value) {
  store_release(slot.since, SLUICE_NEVER);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // nobody may see the new sides under the old epoch
  for (int direction = 0; direction < 2; ++direction) {
    store_side(slot.side[direction], value.side[direction]);
    store_side(slot.audited[direction], value.audited[direction]);
  }
  std::memcpy(slot.address6, value.address6, sizeof slot.address6);
  store_relaxed(slot.address4, value.address4);
  store_relaxed(slot.flags, value.flags);
  store_release(slot.since, value.since);
}

void forget_policies(sluice_endpoint& entry) {
  for (auto& slot : entry.policy) store_release(slot.since, SLUICE_NEVER);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

uint64_t word_of(const sluice_interface& slot) {
  return std::bit_cast<uint64_t>(slot);
}

}  // namespace

Result<KernelMaps::Arrays> KernelMaps::open_arrays(const Programs& programs) {
  auto config = MappedArray<sluice_config>::open(programs.map(SLUICE_MAP_CONFIG));
  if (!config) return config.error();
  auto interfaces = MappedArray<uint64_t>::open(programs.map(SLUICE_MAP_INTERFACES));
  if (!interfaces) return interfaces.error();
  auto endpoints = MappedArray<sluice_endpoint>::open(programs.map(SLUICE_MAP_ENDPOINTS));
  if (!endpoints) return endpoints.error();
  auto portsets = MappedArray<sluice_portset>::open(programs.map(SLUICE_MAP_PORTSETS));
  if (!portsets) return portsets.error();
  auto tables = MappedArray<sluice_port_table>::open(programs.map(SLUICE_MAP_PORT_TABLES));
  if (!tables) return tables.error();
  auto pages = MappedArray<sluice_port_page>::open(programs.map(SLUICE_MAP_PORT_PAGES));
  if (!pages) return pages.error();
  auto lengths4 = MappedArray<sluice_lengths4>::open(programs.map(SLUICE_MAP_PREFIX_LENGTHS4));
  if (!lengths4) return lengths4.error();
  auto lengths6 = MappedArray<sluice_lengths6>::open(programs.map(SLUICE_MAP_PREFIX_LENGTHS6));
  if (!lengths6) return lengths6.error();
  return Arrays{std::move(*config), std::move(*interfaces), std::move(*endpoints), std::move(*portsets),
                std::move(*tables), std::move(*pages),      std::move(*lengths4),  std::move(*lengths6)};
}

KernelMaps::KernelMaps(const Programs& programs, Arrays arrays, Grace grace)
    : programs_(&programs), arrays_(std::move(arrays)), grace_(std::move(grace)) {}

Result<KernelMaps> KernelMaps::open(const Programs& programs) {
  auto arrays = open_arrays(programs);
  if (!arrays) return arrays.error();
  auto grace = Grace::create();
  if (!grace) return grace.error();
  KernelMaps maps(programs, std::move(*arrays), std::move(*grace));
  if (maps.config().epoch == 0 && !programs.looks_only()) maps.initialise();
  if (Status opened = maps.open_tables(programs); !opened) return opened.error();
  if (programs.looks_only()) return maps;
  // What an agent that died had removed is free again.
  if (Status waited = maps.wait_grace(); !waited) return waited.error();
  maps.grace_.rest();  // a thread of now would keep what the process gives up (agent/sandbox)
  return maps;
}

Status KernelMaps::open_tables(const Programs& programs) {
  if (programs.looks_only())
    if (Status looked = programs.table_arrays().look_again(); !looked) return looked;
  auto tables = table::Tables::open(programs.table_arrays(), arrays_.config[0],
                                    {arrays_.lengths4.all(), arrays_.lengths6.all()}, !programs.looks_only());
  if (!tables) return tables.error();
  tables_ = std::move(*tables);
  for (int map = SLUICE_FIRST_TABLE; map < SLUICE_MAP_COUNT; ++map)
    tables_->set_limit(static_cast<sluice_map>(map), programs.map(static_cast<sluice_map>(map)).entries);
  return base::done();
}

void KernelMaps::initialise() {
  std::random_device seed;  // the kernel's, by getrandom(2) or the processor's
  for (uint32_t i = 0; i < arrays_.endpoints.size(); ++i) forget_policies(arrays_.endpoints[i]);
  for (auto& bits : arrays_.port_pages[SLUICE_PORTS_ALL].bits) bits = std::numeric_limits<uint64_t>::max();
  for (auto& page : arrays_.port_tables[SLUICE_PORTS_ALL].page) page = SLUICE_PORTS_ALL;
  for (auto& word : arrays_.config[0].flow_seed) word = seed();
  store_release(arrays_.config[0].epoch, 1);
}

sluice_config KernelMaps::config() const {
  return arrays_.config[0];
}

void KernelMaps::replace_flags(uint64_t mask, uint64_t flags) {
  sluice_config& config = arrays_.config[0];
  store_release(config.flags, (config.flags & ~mask) | (flags & mask));
}

Status KernelMaps::set_agent_flags(uint64_t flags) {
  replace_flags(kAgentFlags, flags);
  return base::done();
}

Status KernelMaps::set_dns_ports(bool others) {
  replace_flags(SLUICE_CONFIG_DNS_PORTS, others ? SLUICE_CONFIG_DNS_PORTS : 0);
  return base::done();
}

Status KernelMaps::set_endpoint_flags(uint32_t index, uint32_t flags) {
  if (index >= arrays_.endpoints.size())
    return out_of_range(SLUICE_MAP_ENDPOINTS, index, arrays_.endpoints.size());
  store_relaxed(arrays_.endpoints[index].flags, flags);
  return base::done();
}

Status KernelMaps::forget_flows() {
  if (auto forgot = forget_all_flows(*programs_); !forgot) return forgot;
  const MapHandle fragments = programs_->map(SLUICE_MAP_FRAGMENTS);
  auto entries = get_entries(fragments);
  if (!entries) return entries.error();
  return entries->count == 0 ? base::done() : drop_entries(fragments, entries->keys);
}

Status KernelMaps::set_prefix_flags(uint64_t flags) {
  replace_flags(kPrefixFlags, flags);
  return base::done();
}

Status KernelMaps::write(const image::Batch& batch) {
  if (Status packed = check_packing(batch); !packed) return packed;
  switch (batch.map) {
    case SLUICE_MAP_PORTSETS:
      return store_array(arrays_.portsets, batch);
    case SLUICE_MAP_PORT_TABLES:
      return store_array(arrays_.port_tables, batch);
    case SLUICE_MAP_PORT_PAGES:
      return store_array(arrays_.port_pages, batch);
    case SLUICE_MAP_ADDRESSES4:
    case SLUICE_MAP_ADDRESSES6:
    case SLUICE_MAP_PREFIXES4:
    case SLUICE_MAP_PREFIXES6:
    case SLUICE_MAP_SERVICES:
    case SLUICE_MAP_RULES:
      return programs_->looks_only() ? Status(Error("the policy tables are only looked at"))
                                     : tables_->write(batch);
    case SLUICE_MAP_NAMES:
    case SLUICE_MAP_NAME_TEXTS:
    case SLUICE_MAP_LEARNT:
    case SLUICE_MAP_QUESTIONS:
    case SLUICE_MAP_DNS_SERVERS:
    case SLUICE_MAP_SOURCES: {
      const MapHandle map = programs_->map(batch.map);
      return batch.removal ? drop_entries(map, batch.keys) : put_entries(map, batch.keys, batch.values);
    }
    case SLUICE_MAP_CONFIG:
    case SLUICE_MAP_INTERFACES:
    case SLUICE_MAP_INTERFACES_MORE:
    case SLUICE_MAP_ENDPOINTS:
    case SLUICE_MAP_PREFIX_LENGTHS4:
    case SLUICE_MAP_PREFIX_LENGTHS6:
    case SLUICE_MAP_FLOWS4:
    case SLUICE_MAP_FLOWS6:
    case SLUICE_MAP_FRAGMENTS:
    case SLUICE_MAP_FLOW_LOCKS:
    case SLUICE_MAP_FLOW_COUNTS:
    case SLUICE_MAP_RECENT_VERDICTS:
    case SLUICE_MAP_DNS:
    case SLUICE_MAP_COUNTERS:
    case SLUICE_MAP_STATS:
    case SLUICE_MAP_COUNT:
      break;
  }
  return Error(std::string("map ") + kMapShapes[batch.map].name + ": is not written in batches");
}

Status KernelMaps::store(const image::EndpointWrite& write) {
  if (write.index >= arrays_.endpoints.size() || write.slot < 0 || write.slot > 1) {
    return out_of_range(SLUICE_MAP_ENDPOINTS, write.index, arrays_.endpoints.size());
  }
  sluice_endpoint& entry = arrays_.endpoints[write.index];
  if (entry.pod != write.value.pod) {
    forget_policies(entry);
    store_relaxed(entry.flags, 0U);
    if (Status cleared = clear_stats(*programs_, write.index); !cleared) return cleared;
    if (Status cleared = clear_flow_counts(*programs_, write.index); !cleared) return cleared;
  }
  store_relaxed(entry.id, write.value.id);
  store_release(entry.pod, write.value.pod);
  store_policy(entry.policy[write.slot], write.value.policy[write.slot]);
  return base::done();
}

Status KernelMaps::store(const image::InterfaceWrite& write) {
  if (write.ifindex == 0) return Error("map interfaces: 0 is no interface");
  uint64_t& word = arrays_.interfaces[write.ifindex % arrays_.interfaces.size()];
  const auto slot = std::bit_cast<sluice_interface>(word);
  const MapHandle more = programs_->map(SLUICE_MAP_INTERFACES_MORE);
  if (write.endpoint < 0) {
    if (slot.ifindex == write.ifindex) store_release(word, 0);
    return drop_entries(more, bytes_of(write.ifindex));
  }
  const auto endpoint = static_cast<uint32_t>(write.endpoint);
  if (slot.ifindex != 0 && slot.ifindex != write.ifindex) {
    return put_entries(more, bytes_of(write.ifindex), bytes_of(endpoint));
  }
  store_release(word, word_of({write.ifindex, endpoint}));
  return drop_entries(more, bytes_of(write.ifindex));
}

Status KernelMaps::flip(uint64_t epoch, uint64_t next_endpoint_id) {
  if (!table::kOrdered)
    if (Status seen = grace_.wait(); !seen) return seen;
  sluice_config& config = arrays_.config[0];
  store_release(config.next_endpoint_id, next_endpoint_id);
  store_release(config.epoch, epoch);
  return base::done();
}

Status KernelMaps::wait_grace() {
  if (Status waited = grace_.wait(); !waited) return waited;
  tables_->note_grace();
  return base::done();
}

}  // namespace sluice::kernel
