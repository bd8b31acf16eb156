// Engine: one of the two targets that the packet path is built for, behind one face: what a packet did is
// asked the same way of the user-space maps and of the loaded kernel programs. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/image/encode.h"
#include "agent/image/placement.h"
#include "sluice/event.h"
#include "tests/kernel/world.h"

namespace sluice::testing {

using Bytes = std::vector<uint8_t>;
using Counted = std::array<std::array<sluice_counter, 2>, SLUICE_REASON_COUNT>;

// What went into the ring of DNS packets.
struct Heard {
  sluice_dns_packet entry{};
  Bytes frame;
};

// What one packet did.
struct Outcome {
  bool passes = false;
  bool unchanged = true;
  Counted counted{};                 // by how much each counter grew
  std::vector<sluice_event> events;  // what was reported
  std::vector<Heard> heard{};        // by the agent that learns names
  uint64_t unheld = 0;               // by how much that counter grew
};

// Another target's maps, without the wait for packets under way: BPF_PROG_TEST_RUN has
// returned before anything is written.
class Still : public image::Target {
 public:
  explicit Still(image::Target& maps) : maps_(maps) {}
  base::Status write(const image::Batch& batch) override { return maps_.write(batch); }
  base::Status store(const image::EndpointWrite& write) override { return maps_.store(write); }
  base::Status store(const image::InterfaceWrite& write) override { return maps_.store(write); }
  base::Status set_prefix_flags(uint64_t flags) override { return maps_.set_prefix_flags(flags); }
  base::Status flip(uint64_t epoch, uint64_t next) override { return maps_.flip(epoch, next); }
  base::Status wait_grace() override { return ++asked_ % kEach == 0 ? maps_.wait_grace() : base::done(); }

 private:
  // Tables give back what was removed only when one is waited for: without any they would grow with every row.
  static constexpr uint32_t kEach = 16;

  image::Target& maps_;
  uint32_t asked_ = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string name() const = 0;

  // As after a start: no image, no flow, no statistics, no flag.
  virtual void reset() = 0;
  // Brings the whole image into force; an error says why not.
  base::Status put(const image::Image& image);
  // The same in two parts: everything is written but the flip; then that and the rest.
  base::Status begin(const image::Image& image);
  base::Status finish();
  virtual void set_flags(uint64_t agent_flags) = 0;
  // Whether the new allowed connections of the endpoint with that index are reported.
  virtual void set_observed(uint32_t endpoint, bool observed) = 0;
  // Lets `seconds` pass. The kernel's clock cannot be set: there, what it noted is made older instead.
  virtual void wait(uint32_t seconds) = 0;
  // Nothing where this target takes no such frame (BPF_PROG_TEST_RUN wants more than an Ethernet header).
  std::optional<Outcome> run(sluice_direction hook, const Bytes& frame, uint32_t ifindex, uint32_t mark = 0);
  // The same so often, while nobody takes what goes into the rings: that is left for the next run().
  virtual void run_unread(sluice_direction hook, const Bytes& frame, uint32_t ifindex, int times) = 0;
  // The address has these names and no others.
  void learn(const net::Ip& ip, const std::vector<HasName>& names);
  // DNS servers that are believed, besides those before.
  void believe(const net::Ip& ip, net::Port port);
  // CLOCK_BOOTTIME, nanoseconds, as the packet path sees it.
  virtual uint64_t boot_nanoseconds() = 0;
  // As it stands in the map.
  virtual sluice_dns& dns() = 0;
  virtual sluice_endpoint_stats stats(uint32_t endpoint) = 0;
  // The entries of the flow tables in use.
  virtual std::vector<sluice_flow_edit> flows() = 0;
  virtual void edit(const sluice_flow_edit& edit) = 0;
  virtual sluice_flow_counts flow_counts(uint32_t endpoint) = 0;
  virtual void set_flow_share(uint32_t endpoint, uint32_t flows) = 0;
  // The clock of the flow tables, and a second by it.
  virtual uint32_t now() = 0;
  virtual uint32_t second() = 0;
  uint64_t epoch() const { return placement_.epoch(); }

 protected:
  virtual image::Target& target() = 0;
  virtual std::optional<Outcome> run_once(sluice_direction hook, const Bytes& frame, uint32_t ifindex,
                                          uint32_t mark) = 0;
  virtual Counted counters() = 0;
  // Nothing was learnt, and nobody is believed. Only where a reset keeps the maps.
  void forget_names();
  // What was learnt expires so much earlier.
  void make_names_older(uint64_t nanoseconds);

  image::Placement placement_;
  image::Image image_;

 private:
  using Names = std::vector<std::pair<image::NameSlot, uint64_t>>;
  void write(image::BatchBuilder&& batch);

  image::Plan pending_;
  std::map<net::Ip, Names> learnt_;
  std::set<std::pair<net::Ip, net::Port>> believed_;
};

// Of either family, so that a test can fill the table: 256 entries, a share of 12.
inline constexpr uint32_t kFlowBuckets = 64;

std::unique_ptr<Engine> user_engine();
// Nothing without the privilege to load programs.
std::unique_ptr<Engine> kernel_engine();

}  // namespace sluice::testing
