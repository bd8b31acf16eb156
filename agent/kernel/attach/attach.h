// Attachment of the two programs to pods' host-side interfaces.
//
// Laws:
//  1. Where the kernel has TCX (>= 6.6) an attachment is a TCX link, pinned at <pin_dir>/links so
//     that it outlives the agent; elsewhere it is a clsact filter (clsact.h), which outlives the
//     agent by nature.
//  2. Attaching again, by this agent or its successor, exchanges the program in one step: no
//     packet passes unseen.
//  3. A link that cannot be pinned (the BPF file system is read-only, or gone) is an error, and
//     holds all the same as long as this Attacher lives.
//  4. Nobody else's programs are touched. Ours run first and pass what they allow on to them
//     (TC_ACT_UNSPEC).
//
// Concerns the network namespace of the calling thread. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/kernel/loader.h"
#include "agent/kernel/own_maps.h"

namespace sluice::kernel::attach {

enum class AttachMode { kAuto, kTcx, kClsact };
const char* to_text(AttachMode mode);
// "auto", "tcx" or "clsact".
base::Result<AttachMode> parse_attach_mode(const std::string& text);

struct Attachment {
  uint32_t ifindex = 0;
  std::string ifname;
  AttachMode mode = AttachMode::kAuto;  // kTcx or kClsact
  bool operator==(const Attachment&) const = default;
};

class Attacher {
 public:
  // `programs` must outlive it. Pins of links whose interface is gone are removed. Without a pin_dir in
  // `programs`, TCX links last as long as the Attacher.
  static base::Result<Attacher> create(const Programs& programs, AttachMode mode);

  AttachMode mode() const { return mode_; }  // kTcx or kClsact
  // Both programs, or an error; whichever of the two could be attached stays (a retry completes it).
  base::Status attach(uint32_t ifindex);
  // Done also where nothing is attached, or the interface is gone.
  base::Status detach(uint32_t ifindex);
  // How many programs of others run before ours on an interface, at that of its hooks where there are more; nothing
  // where it lacks one of the two programs that attach() puts there: it was taken off, or another one has its place. 0
  // where the interface is gone.
  base::Result<std::optional<size_t>> others_first(uint32_t ifindex) const;
  // Interfaces that carry both programs, put there by whichever agent with this directory; sorted by ifindex.
  base::Result<std::vector<Attachment>> attached() const;

 private:
  Attacher(const Programs& programs, AttachMode mode, OwnMaps own)
      : programs_(&programs), mode_(mode), own_(std::move(own)) {}
  base::Status attach_tcx(uint32_t ifindex, sluice_direction direction);
  base::Status pin_link(uint32_t ifindex, sluice_direction direction, base::Fd link);
  base::Status detach_tcx(uint32_t ifindex);
  // Ids of the programs at the hook, whoever's, in the order in which they run; 0: a filter without a program.
  base::Result<std::vector<uint32_t>> programs_at(uint32_t ifindex, sluice_direction direction) const;

  const Programs* programs_;
  AttachMode mode_;
  bool tcx_ = false;  // the kernel has it
  OwnMaps own_;
  std::array<uint32_t, 2> program_ids_{};  // of programs_, by sluice_direction
  std::map<std::pair<uint32_t, int>, base::Fd>
      private_links_;  // (ifindex, direction); where links are pinned, those that could not be
};

// Removes every program, map and link that agents with this directory ever installed, then the directory.
// Fails while another agent holds it.
base::Status detach_all(const std::filesystem::path& pin_dir);

}  // namespace sluice::kernel::attach
