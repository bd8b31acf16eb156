#include "agent/kernel/grace.h"

#include <bpf/bpf.h>

#include <cstdint>

namespace sluice::kernel {

using base::Error;

base::Result<Grace> Grace::create() {
  base::Fd inner(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "sluice_grace_in", sizeof(uint32_t), sizeof(uint32_t), 1, nullptr));
  if (!inner.valid()) return Error::from_errno(errno, "create map for grace periods");
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.inner_map_fd = static_cast<uint32_t>(inner.get());
  base::Fd outer(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "sluice_grace", sizeof(uint32_t),
                                sizeof(uint32_t), 1, &options));
  if (!outer.valid()) return Error::from_errno(errno, "create map for grace periods");
  return Grace(std::move(inner), std::move(outer));
}

base::Status Grace::wait() const {
  return visits_->run(kMostVisits) ? base::done() : wait_for_rcu();
}

base::Status Grace::wait_for_rcu() const {
  const uint32_t slot = 0;
  const int inner = inner_.get();
  if (const int code = bpf_map_update_elem(outer_.get(), &slot, &inner, BPF_ANY); code != 0) {
    return Error::from_errno(-code, "wait for running programs");
  }
  return base::done();
}

}  // namespace sluice::kernel
