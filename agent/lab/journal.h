// Journal: what a lab made, or was about to make, in order. By it down() knows what is the lab's.
// Text, one step a line: "<verb> <subject> <detail>".
//
// Laws:
//  1. A step is on file before the thing is made. A last line without an end was never acted on,
//     and is not read.
//  2. One command holds the journal at a time (flock on its directory).
//  3. The directory is the caller's own and closed to others, so that what stands in the file is
//     trusted once its form is right.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::lab {

enum class Verb : uint8_t {
  kOutside,     // an outside host: NAME IP,IP. Nothing to undo; probe() reads it
  kNetnsDir,    // the directory the namespaces are in: PATH. Nothing to undo; what follows is in it
  kDirectory,   // made the directory PATH
  kMountPoint,  // bind-mounted PATH on itself, as `ip netns` does
  kSysctl,      // changed /proc/sys/PATH, which was VALUE
  kLink,        // made the interface NAME with the hardware address MAC, by which it is known again
  kNetns,       // made the namespace NAME
  kNetnsIs,     // the namespace NAME is DEVICE:INODE
  kNotMade,     // the namespace NAME turned out to be somebody else's
};

struct Step {
  Verb verb;
  std::string subject;  // no blanks
  std::string detail;   // may be empty
  bool operator==(const Step&) const = default;
};

std::string to_text(const Step& step);
base::Result<Step> parse_step(const std::string& line);

class Journal {
 public:
  // A new one; an error where there is one already.
  static base::Result<Journal> begin(const std::string& state_dir);
  // The one there is, if any; held like a new one. Without one, an empty directory is removed too.
  static base::Result<std::optional<Journal>> resume(const std::string& state_dir);

  base::Status record(Step step);
  const std::vector<Step>& steps() const { return steps_; }
  // Removes the file, and the directory if nothing else is in it.
  base::Status finish();

 private:
  Journal(std::string dir, base::Fd lock, base::Fd file, std::vector<Step> steps)
      : dir_(std::move(dir)), lock_(std::move(lock)), file_(std::move(file)), steps_(std::move(steps)) {}
  std::string dir_;
  base::Fd lock_, file_;
  std::vector<Step> steps_;
};

// The steps on file without holding the journal; empty where nothing is up.
base::Result<std::vector<Step>> read_steps(const std::string& state_dir);

}  // namespace sluice::lab
