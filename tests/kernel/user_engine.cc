#include "agent/packet/maps.h"
#include "tests/kernel/engine.h"

namespace sluice::testing {
namespace {

constexpr uint32_t kStart = 1000;  // seconds

class UserEngine final : public Engine {
 public:
  UserEngine() { reset(); }
  std::string name() const override { return "user"; }

  void reset() override {
    if (maps_) forget_names();
    maps_ = std::make_unique<packet::Maps>();
    maps_->set_limit(SLUICE_MAP_FLOWS4, kFlowBuckets);
    maps_->set_limit(SLUICE_MAP_FLOWS6, kFlowBuckets);
    placement_ = {};
    image_ = {};
    now_ = kStart;
  }
  void set_flags(uint64_t agent_flags) override { maps_->set_agent_flags(agent_flags); }
  void set_observed(uint32_t endpoint, bool observed) override {
    static_cast<sluice_endpoint*>(maps_->lookup(SLUICE_MAP_ENDPOINTS, &endpoint))->flags =
        observed ? SLUICE_ENDPOINT_OBSERVED : 0;
  }
  void wait(uint32_t seconds) override { now_ += seconds; }
  sluice_endpoint_stats stats(uint32_t endpoint) override {
    return *static_cast<sluice_endpoint_stats*>(maps_->lookup(SLUICE_MAP_STATS, &endpoint));
  }
  std::vector<sluice_flow_edit> flows() override { return maps_->flows(); }
  void edit(const sluice_flow_edit& edit) override { maps_->edit(edit, now_); }
  sluice_flow_counts flow_counts(uint32_t endpoint) override {
    return *static_cast<sluice_flow_counts*>(maps_->lookup(SLUICE_MAP_FLOW_COUNTS, &endpoint));
  }
  void set_flow_share(uint32_t endpoint, uint32_t flows) override {
    static_cast<sluice_flow_counts*>(maps_->lookup(SLUICE_MAP_FLOW_COUNTS, &endpoint))->share = flows;
  }
  void run_unread(sluice_direction hook, const Bytes& frame, uint32_t ifindex, int times) override {
    while (times-- > 0) (void)maps_->passes(frame, ifindex, hook, now_);
  }
  uint32_t now() override { return now_; }
  uint32_t second() override { return 1; }
  uint64_t boot_nanoseconds() override { return now_ * 1'000'000'000ULL; }
  sluice_dns& dns() override {
    const uint32_t zero = 0;
    return *static_cast<sluice_dns*>(maps_->lookup(SLUICE_MAP_DNS, &zero));
  }

 private:
  image::Target& target() override { return *maps_; }
  std::optional<Outcome> run_once(sluice_direction hook, const Bytes& frame, uint32_t ifindex,
                                  uint32_t mark) override {
    maps_->clear_events();
    Outcome outcome;
    outcome.passes = maps_->passes(frame, ifindex, hook, now_, mark);
    outcome.events = maps_->events();
    for (auto& [entry, heard] : maps_->take_dns_packets()) outcome.heard.push_back({entry, std::move(heard)});
    return outcome;
  }
  Counted counters() override {
    Counted counted;
    for (uint32_t reason = 0; reason < SLUICE_REASON_COUNT; ++reason) {
      for (uint32_t direction = 0; direction < 2; ++direction) {
        const uint32_t index = SLUICE_COUNTER(reason, direction);
        counted[reason][direction] =
            *static_cast<sluice_counter*>(maps_->lookup(SLUICE_MAP_COUNTERS, &index));
      }
    }
    return counted;
  }

  std::unique_ptr<packet::Maps> maps_;
  uint32_t now_ = kStart;
};

}  // namespace

std::unique_ptr<Engine> user_engine() {
  return std::make_unique<UserEngine>();
}

}  // namespace sluice::testing
