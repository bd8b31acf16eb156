// Maps: every map of include/sluice/maps.h in user space, with the meaning the kernel gives its type (hash,
// array, longest-prefix trie, LRU), and the policy tables as they are. What the native engine judges with, and
// what sequence tests apply plans to. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/image/contents.h"
#include "agent/image/plan.h"
#include "agent/packet/table_memory.h"
#include "agent/packet/user_ctx.h"
#include "agent/table/spell.h"

namespace sluice::packet {

class Maps : public image::Target {
 public:
  Maps();

  // A smaller limit than include/sluice/limits.h has, so that a test can fill a map.
  void set_limit(sluice_map map, uint32_t entries);
  // Called after every single write, e.g. to judge packets between two steps of a plan.
  void on_write(std::function<void()> observer) { observer_ = std::move(observer); }
  // SLUICE_CONFIG_AUDIT, SLUICE_CONFIG_PERMISSIVE and SLUICE_CONFIG_DNS_PORTS.
  void set_agent_flags(uint64_t flags);

  base::Status write(const image::Batch& batch) override;
  base::Status store(const image::EndpointWrite& write) override;
  base::Status store(const image::InterfaceWrite& write) override;
  base::Status set_prefix_flags(uint64_t flags) override;
  base::Status flip(uint64_t epoch, uint64_t next_endpoint_id) override;
  base::Status wait_grace() override;

  // The packet path's own way in; pointers stay valid until the entry is removed. NULL where there is none.
  void* lookup(sluice_map map, const void* key);
  void insert(sluice_map map, const void* key, const void* value);
  void remove(sluice_map map, const void* key);
  void clear_flows();
  // An entry of a policy table.
  template <typename Key>
  std::optional<sluice_cell> cell(sluice_map map, const Key& key) const {
    return policy_->find(map, table::spell(key));
  }
  // Entries that were written and not removed.
  size_t size(sluice_map map) const {
    return table::Tables::has(map) ? policy_->entries(map) : tables_[map].entries.size();
  }

  // What the maps hold, as kernel read-back gives it.
  image::Contents contents() const;
  // Look-ups and insertions since the last call, by map: what a packet costs in map operations.
  struct Operations {
    std::array<uint32_t, SLUICE_MAP_COUNT> lookups{}, inserts{};
  };
  Operations take_operations() { return std::exchange(operations_, {}); }
  const std::vector<sluice_event>& events() const { return events_; }
  void clear_events() { events_.clear(); }
  // What went into the ring of DNS packets since the last call.
  struct DnsPacket {
    sluice_dns_packet entry;
    std::vector<uint8_t> frame;
  };
  std::vector<DnsPacket> take_dns_packets() { return std::exchange(dns_packets_, {}); }

  // What the program sluice_edit_flow does.
  void edit(const sluice_flow_edit& edit, uint32_t now = 0);
  // Entries of the flow tables that are in use, idle ones too.
  std::vector<sluice_flow_edit> flows() const;

  // What a run of the packet path at `now` (seconds) asks these maps through; without a packet.
  sluice_user_ctx context(uint32_t now);
  // Runs the whole path of bpf/path.h on a frame (from the Ethernet header on) that passes the pod's
  // interface in `direction`. `now` in seconds; `mark` is the packet's.
  bool passes(const std::vector<uint8_t>& frame, uint32_t ifindex, sluice_direction direction,
              uint32_t now = 0, uint32_t mark = 0);

 private:
  struct Entry {
    std::unique_ptr<uint8_t[]> value;
    std::list<std::string>::iterator use;  // in by_use, where the table evicts
  };
  struct Table {
    uint32_t key_size = 0, value_size = 0, limit = 0;
    bool is_array = false, is_trie = false, evicts = false;
    std::unordered_map<std::string, Entry> entries;  // by the bytes of the key
    std::list<std::string> by_use;                   // keys, the one used longest ago first
  };
  static uint8_t* find(Table& table, const std::string& key);
  static uint8_t* add(Table& table, const std::string& key);
  static void erase(Table& table, const std::string& key);
  uint8_t* longest_match(Table& table, const uint8_t* key);
  base::Status put(sluice_map map, const std::string& key, const uint8_t* value);
  base::Status write_policy(const image::Batch& batch);
  const __u64* table_line(uint32_t slot, uint32_t index);
  void open_policy();
  void* length_slot(sluice_map map, const void* key);
  void wrote();
  template <typename Key, typename Value>
  void copy_table(sluice_map map, image::Table<Key, Value>& to) const;
  template <typename Value>
  void copy_array(sluice_map map, std::vector<Value>& to) const;

  std::array<Table, SLUICE_FIRST_TABLE> tables_;
  std::vector<sluice_lengths4> lengths4_;
  std::vector<sluice_lengths6> lengths6_;
  std::unique_ptr<TableMemory> memory_;
  std::optional<table::Tables> policy_;
  std::vector<sluice_event> events_;
  std::vector<DnsPacket> dns_packets_;
  std::function<void()> observer_;
  Operations operations_;
};

}  // namespace sluice::packet
