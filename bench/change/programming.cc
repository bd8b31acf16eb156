#include "bench/change/programming.h"

#include <bpf/bpf.h>

#include <map>

#include "agent/base/fd.h"
#include "agent/kernel/grace.h"

namespace sluice::bench {

using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

namespace {

// Maps that nobody uses, of the same shapes; hashes in place of the policy tables.
class RawMaps {
 public:
  static Result<RawMaps> create(const std::vector<image::Batch>& batches) {
    auto grace = kernel::Grace::create();
    if (!grace) return grace.error();
    RawMaps raw(batches, std::move(*grace));
    for (const image::Batch& batch : batches) {
      const kernel::MapShape& shape = kernel::kMapShapes[batch.map];
      bpf_map_create_opts options{};
      options.sz = sizeof options;
      const bool table = kernel::is_table(batch.map);
      options.map_flags = table ? SLUICE_MAP_GROW : shape.flags;
      base::Fd fd(bpf_map_create(table ? BPF_MAP_TYPE_HASH : static_cast<bpf_map_type>(shape.type),
                                 "sluice_raw", shape.key_size, shape.value_size, shape.entries, &options));
      if (!fd.valid()) return Error::from_errno(errno, std::string("create a map like ") + shape.name);
      raw.fds_[batch.map] = std::move(fd);
      raw.entries_ += batch.count;
    }
    return raw;
  }
  size_t entries() const { return entries_; }

  // Nanoseconds for all of them; the maps are empty again afterwards.
  Result<Nanoseconds> fill() {
    const auto start = Clock::now();
    for (const image::Batch& batch : batches_)
      if (uint32_t count = batch.count;
          bpf_map_update_batch(fd(batch), batch.keys.data(), batch.values.data(), &count, &kPlain) != 0)
        return Error::from_errno(errno, "raw batch update");
    const Nanoseconds took = Clock::now() - start;
    for (const image::Batch& batch : batches_)
      if (uint32_t count = batch.count;
          bpf_map_delete_batch(fd(batch), batch.keys.data(), &count, &kPlain) != 0)
        return Error::from_errno(errno, "raw batch deletion");
    if (Status waited = grace_.wait(); !waited) return waited.error();
    return took;
  }

 private:
  RawMaps(const std::vector<image::Batch>& batches, kernel::Grace grace)
      : batches_(batches), grace_(std::move(grace)) {}
  int fd(const image::Batch& batch) const { return fds_.at(batch.map).get(); }

  static constexpr bpf_map_batch_opts kPlain{sizeof(bpf_map_batch_opts), 0, 0};
  const std::vector<image::Batch>& batches_;
  kernel::Grace grace_;
  std::map<sluice_map, base::Fd> fds_;
  size_t entries_ = 0;
};

Result<Step> refilled(Chain& chain) {
  if (Status emptied = chain.empty(); !emptied) return emptied.error();
  return chain.refill();
}

}  // namespace

Status measure_programming(Chain& chain, const Labels& labels, const RoundOptions& rounds,
                           Document& document) {
  const auto batches = chain.batches();
  if (!batches) return batches.error();
  auto raw = RawMaps::create(*batches);
  if (!raw) return raw.error();
  const auto count = static_cast<double>(raw->entries());
  const std::vector<Contender> contenders = {{"sluice, plan made",
                                              [&]() -> Result<Nanoseconds> {
                                                auto step = refilled(chain);
                                                if (!step) return step.error();
                                                return step->took.write / count;
                                              }},
                                             {"sluice, from the image",
                                              [&]() -> Result<Nanoseconds> {
                                                auto step = refilled(chain);
                                                if (!step) return step.error();
                                                return step->took.apply() / count;
                                              }},
                                             {"raw", [&]() -> Result<Nanoseconds> {
                                                auto took = raw->fill();
                                                if (!took) return took.error();
                                                return *took / count;
                                              }}};
  auto samples = run_rounds(contenders, rounds);
  if (!samples) return samples.error();
  for (size_t i = 0; i < contenders.size(); ++i) {
    Series series{"change",       "programming", i == 2 ? "raw" : "sluice", "programming", labels,
                  "ns per entry", (*samples)[i]};
    if (i < 2) series.labels["what"] = i == 0 ? "write" : "plan and write";
    series.labels["entries"] = std::to_string(raw->entries());
    document.series.push_back(std::move(series));
  }
  return base::done();
}

}  // namespace sluice::bench
