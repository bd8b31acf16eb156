#include "tests/kernel/engine.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace sluice::testing {

namespace {

class Unflipped final : public Still {
 public:
  using Still::Still;
  base::Status flip(uint64_t, uint64_t) override { return base::done(); }
};

}  // namespace

base::Status Engine::put(const image::Image& image) {
  if (auto status = begin(image); !status) return status;
  return finish();
}

base::Status Engine::begin(const image::Image& image) {
  auto plan = placement_.plan(image, image::difference(image_, image));
  if (!plan) return plan.error();
  Unflipped unflipped(target());
  if (auto status = image::put_in_force(*plan, unflipped); !status) return status;
  pending_ = *std::move(plan);
  image_ = image;
  return base::done();
}

base::Status Engine::finish() {
  if (auto status = target().flip(pending_.epoch, pending_.next_endpoint_id); !status) return status;
  if (auto status = image::clean_up(pending_, target()); !status) return status;
  placement_.release_freed(pending_);
  return base::done();
}

void Engine::write(image::BatchBuilder&& builder) {
  std::vector<image::Batch> batches;
  std::move(builder).finish(batches, batches);
  for (const image::Batch& batch : batches) {
    if (auto status = target().write(batch); status) continue;
    std::cerr << "engine: the entries are not written\n";
    std::abort();
  }
}

void Engine::learn(const net::Ip& ip, const std::vector<HasName>& names) {
  image::BatchBuilder batch(SLUICE_MAP_LEARNT);
  if (learnt_.erase(ip) > 0 && names.empty()) batch.remove(image::encode_learnt(ip));
  for (const HasName& name : names)
    learnt_[ip].emplace_back(name.slot,
                             boot_nanoseconds() + static_cast<uint64_t>(name.seconds * 1'000'000'000));
  if (!names.empty()) batch.put(image::encode_learnt(ip), image::encode_names(learnt_.at(ip)));
  write(std::move(batch));
}

void Engine::believe(const net::Ip& ip, net::Port port) {
  if (!believed_.emplace(ip, port).second) return;
  image::BatchBuilder batch(SLUICE_MAP_DNS_SERVERS);
  batch.put(image::encode_learnt(ip, port), uint32_t{1});
  write(std::move(batch));
}

void Engine::forget_names() {
  image::BatchBuilder learnt(SLUICE_MAP_LEARNT), servers(SLUICE_MAP_DNS_SERVERS);
  for (const auto& [ip, names] : std::exchange(learnt_, {})) learnt.remove(image::encode_learnt(ip));
  for (const auto& [ip, port] : std::exchange(believed_, {})) servers.remove(image::encode_learnt(ip, port));
  write(std::move(learnt));
  write(std::move(servers));
}

void Engine::make_names_older(uint64_t nanoseconds) {
  image::BatchBuilder batch(SLUICE_MAP_LEARNT);
  for (auto& [ip, names] : learnt_) {
    for (auto& [slot, until] : names) until -= std::min(until, nanoseconds);
    batch.put(image::encode_learnt(ip), image::encode_names(names));
  }
  write(std::move(batch));
}

std::optional<Outcome> Engine::run(sluice_direction hook, const Bytes& frame, uint32_t ifindex,
                                   uint32_t mark) {
  const Counted before = counters();
  const uint64_t unheld = dns().unheld;
  auto outcome = run_once(hook, frame, ifindex, mark);
  if (!outcome) return outcome;
  outcome->unheld = dns().unheld - unheld;
  outcome->counted = counters();
  for (size_t reason = 0; reason < before.size(); ++reason) {
    for (size_t direction = 0; direction < 2; ++direction) {
      outcome->counted[reason][direction].packets -= before[reason][direction].packets;
      outcome->counted[reason][direction].bytes -= before[reason][direction].bytes;
    }
  }
  return outcome;
}

}  // namespace sluice::testing
