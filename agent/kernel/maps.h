// KernelMaps: the loaded maps as the Target of a plan.
//
// Laws:
//  1. What programs read without a lock is stored word by word with atomics, and last the word
//     that makes it count: an endpoint's policy by its `since`, an interface by one 64-bit word,
//     a whole change by the epoch. The policy tables have laws of their own (agent/table).
//  2. Opening maps that were never used writes what every reader relies on: empty and full port
//     tables, policies that never hold, epoch 1.
//  3. An endpoint entry that goes to another pod forgets both policies and its statistics.
//
// One writer, one thread; `programs` must outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "agent/image/contents.h"
#include "agent/image/plan.h"
#include "agent/kernel/grace.h"
#include "agent/kernel/loader.h"
#include "agent/kernel/mapped_array.h"
#include "agent/kernel/table_arrays.h"

namespace sluice::kernel {

class KernelMaps final : public image::Target {
 public:
  static base::Result<KernelMaps> open(const Programs& programs);

  // The state in force.
  sluice_config config() const;
  // Replaces SLUICE_CONFIG_AUDIT, SLUICE_CONFIG_PERMISSIVE and SLUICE_CONFIG_DNS_PORTS; the other flags stay. In
  // force from the next packet.
  base::Status set_agent_flags(uint64_t flags);
  // Of an entry of sluice_endpoints, enum sluice_endpoint_flag; they go with the pod. In force from the next packet.
  base::Status set_endpoint_flags(uint32_t index, uint32_t flags);
  // Some believed DNS server listens at another port than SLUICE_DNS_PORT.
  base::Status set_dns_ports(bool others);
  // Every connection and datagram under way is a new one from here on.
  base::Status forget_flows();

  base::Status write(const image::Batch& batch) override;
  base::Status store(const image::EndpointWrite& write) override;
  base::Status store(const image::InterfaceWrite& write) override;
  base::Status set_prefix_flags(uint64_t flags) override;
  base::Status flip(uint64_t epoch, uint64_t next_endpoint_id) override;
  base::Status wait_grace() override;
  std::vector<std::string> problems() const override { return tables_->problems(); }
  // Of a policy table: how often it was to grow and could not, since it was opened.
  uint64_t growth_failures(sluice_map map) const { return tables_->growth_failures(map); }

  // Everything as it stands, read back (agent/kernel/readback.cc).
  base::Result<image::Contents> read() const;

 private:
  struct Arrays {
    MappedArray<sluice_config> config;
    MappedArray<uint64_t> interfaces;  // each word a sluice_interface
    MappedArray<sluice_endpoint> endpoints;
    MappedArray<sluice_portset> portsets;
    MappedArray<sluice_port_table> port_tables;
    MappedArray<sluice_port_page> port_pages;
    MappedArray<sluice_lengths4> lengths4;
    MappedArray<sluice_lengths6> lengths6;
  };
  static base::Result<Arrays> open_arrays(const Programs& programs);
  KernelMaps(const Programs& programs, Arrays arrays, Grace grace);
  void initialise();
  base::Status open_tables(const Programs& programs);
  void replace_flags(uint64_t mask, uint64_t flags);

  const Programs* programs_;
  Arrays arrays_;
  std::optional<table::Tables> tables_;  // always, once opened
  Grace grace_;
};

// What is pinned there, opened beside whoever enforces with it; nothing is made, locked or attached. Where nothing is: maps
// without entries.
base::Result<Programs> look_at(const std::filesystem::path& pin_dir);
// What they hold. One epoch's state: where the epoch, or the array of a table, changes meanwhile, it is read again (look.h).
base::Result<image::Contents> read_pinned(const Programs& looked_at);

}  // namespace sluice::kernel
