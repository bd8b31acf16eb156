#include "agent/sandbox/sandbox.h"

#include "agent/base/excerpt.h"
#include "agent/base/sys_admin.h"
#include "agent/sandbox/filter.h"
#include "agent/sandbox/landlock.h"

namespace sluice::sandbox {

base::Result<Mode> parse_mode(const std::string& text) {
  if (text == "on") return Mode::kOn;
  if (text == "kill") return Mode::kKill;
  if (text == "off") return Mode::kOff;
  return base::Error(base::excerpt(text) + " is no way to be confined: give on, kill or off");
}

std::vector<std::string> confine(const Needs& needs, Mode mode) {
  if (mode == Mode::kOff) return {"by nothing: --sandbox off"};
  std::vector<std::string> lacking;
  if (auto kept = base::keep_capabilities(needs.capabilities); !kept)
    lacking.push_back("capabilities: " + kept.error().message() + ": those not needed are kept");
  for (std::string& line : restrict_to(needs.files, needs.connects, needs.binds))
    lacking.push_back(std::move(line));
  // Last: it allows none of the calls that the others take.
  if (auto installed = install_filter(needs.program, mode); !installed)
    lacking.push_back("seccomp: " + installed.error().message() + ": system calls are not confined");
  return lacking;
}

}  // namespace sluice::sandbox
