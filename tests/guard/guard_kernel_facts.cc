// Prints how many instructions the verifier walked through for each program, for guard.sh. Exit 77 where that
// cannot be told: without root, or before Linux 5.16, which does not say.
#include <bpf/bpf.h>
#include <unistd.h>

#include <iostream>

#include "agent/kernel/bpffs.h"
#include "agent/kernel/loader.h"

namespace {

constexpr int kCannotBeTold = 77;
constexpr uint32_t kFlowEntries = 1024;  // preallocated: no need for all of them

using namespace sluice;

base::Result<uint32_t> verified_instructions(const kernel::Programs& programs, sluice_direction direction) {
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (const int code = bpf_obj_get_info_by_fd(programs.program_fd(direction), &info, &size); code != 0)
    return base::Error::from_errno(-code, "ask for a program's facts");
  return info.verified_insns;
}

}  // namespace

int main() {
  if (::geteuid() != 0) return kCannotBeTold;
  kernel::LoadOptions options;
  for (const sluice_map map : {SLUICE_MAP_FLOWS4, SLUICE_MAP_FLOWS6, SLUICE_MAP_FRAGMENTS})
    options.max_entries[map] = kFlowEntries;
  auto programs = kernel::load(options);
  base::Status done = programs ? base::done() : base::Status(programs.error());
  for (const sluice_direction direction : {SLUICE_EGRESS, SLUICE_INGRESS}) {
    if (!done) break;
    auto instructions = verified_instructions(*programs, direction);
    if (!instructions) done = instructions.error();
    if (instructions && *instructions == 0) return kCannotBeTold;
    if (instructions)
      std::cout << "verified_instructions " << kernel::program_label(direction) << " " << *instructions
                << "\n";
  }
  if (!done) std::cerr << "guard_kernel_facts: " << done.error().message() << "\n";
  return done ? 0 : 1;
}
