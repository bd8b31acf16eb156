#include "agent/sandbox/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "agent/base/fd.h"

namespace sluice::sandbox {
namespace {

using base::Error;
using base::Status;

// As of version 6; an older kernel takes it where what it does not know is zero. linux/landlock.h of Debian 12 has the
// first member alone.
struct Ruleset {
  uint64_t files = 0, connections = 0, scopes = 0;
};
struct PortRule {
  uint64_t rights = 0, port = 0;
};
constexpr int kRulePort = 2;                                        // LANDLOCK_RULE_NET_PORT
constexpr uint64_t kBindTcp = 1, kConnectTcp = 2;                   // LANDLOCK_ACCESS_NET_…
constexpr uint64_t kScopeAbstractUnixSocket = 1, kScopeSignal = 2;  // LANDLOCK_SCOPE_…
constexpr uint64_t kRefer = 1U << 13, kTruncate = 1U << 14, kIoctlDevice = 1U << 15;  // LANDLOCK_ACCESS_FS_…

constexpr uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kWrite = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                            LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                            LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | kRefer | kTruncate;
// What a rule about a file, which is no directory, may have.
constexpr uint64_t kOfFile = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_READ_FILE | kTruncate | kIoctlDevice;

// All that a kernel of this version can restrict.
Ruleset everything(int version) {
  Ruleset all;
  all.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // the last one of version 1
  if (version >= 2) all.files |= kRefer;
  if (version >= 3) all.files |= kTruncate;
  if (version >= 5) all.files |= kIoctlDevice;
  if (version >= 4) all.connections = kBindTcp | kConnectTcp;
  if (version >= 6) all.scopes = kScopeAbstractUnixSocket | kScopeSignal;
  return all;
}

Status allow_path(int ruleset, const std::string& path, uint64_t rights) {
  const base::Fd beneath(::open(path.c_str(), O_PATH | O_CLOEXEC));
  const bool is_nowhere = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
  if (!beneath.valid()) return is_nowhere ? base::done() : Status(Error::from_errno(errno, path));
  struct stat info {};
  if (::fstat(beneath.get(), &info) != 0) return Error::from_errno(errno, path);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(info.st_mode) ? rights : rights & kOfFile;
  rule.parent_fd = beneath.get();
  if (rule.allowed_access == 0) return base::done();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    return Error::from_errno(errno, path);
  return base::done();
}

Status allow_paths(int ruleset, const std::vector<std::string>& paths, uint64_t rights) {
  for (const std::string& path : paths)
    if (auto allowed = allow_path(ruleset, path, rights); !allowed) return allowed;
  return base::done();
}

Status allow_ports(int ruleset, const std::vector<uint16_t>& ports, uint64_t rights) {
  for (const uint16_t port : ports) {
    const PortRule rule{rights, port};
    if (::syscall(SYS_landlock_add_rule, ruleset, kRulePort, &rule, 0) != 0)
      return Error::from_errno(errno, "port " + std::to_string(port));
  }
  return base::done();
}

Status restrict_by(const Ruleset& all, const Files& files, const std::vector<uint16_t>& connects,
                   const std::vector<uint16_t>& binds) {
  const base::Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0)));
  if (!ruleset.valid()) return Error::from_errno(errno, "create a ruleset");
  if (auto allowed = allow_paths(ruleset.get(), files.read, kRead); !allowed) return allowed;
  if (auto allowed = allow_paths(ruleset.get(), files.written, kWrite & all.files); !allowed) return allowed;
  if (all.connections != 0)
    for (const auto& [ports, rights] : {std::pair{&connects, kConnectTcp}, std::pair{&binds, kBindTcp}})
      if (auto allowed = allow_ports(ruleset.get(), *ports, rights); !allowed) return allowed;
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return Error::from_errno(errno, "restrict this thread");
  return base::done();
}

}  // namespace

int landlock_version() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, size_t{0}, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

std::vector<std::string> restrict_to(const Files& files, const std::vector<uint16_t>& connects,
                                     const std::vector<uint16_t>& binds) {
  const int version = landlock_version();
  if (version == 0)
    return {"Landlock: this kernel has none, or lsm= leaves it out: files and connections are not confined"};
  if (auto restricted = restrict_by(everything(version), files, connects, binds); !restricted)
    return {"Landlock: " + restricted.error().message() + ": files and connections are not confined"};
  if (version < 4) return {"Landlock: this kernel's knows no connections (Linux 6.7): they are not confined"};
  return {};
}

}  // namespace sluice::sandbox
