#include "agent/lab/undo.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "agent/endpoint/discover.h"
#include "agent/lab/wire.h"

namespace sluice::lab {
namespace {

using base::Error;
using base::Result;

enum class Outcome : uint8_t { kRemoved, kNothing };

constexpr int kMountsAtOnePath = 16;  // copies that `ip netns` leaves when it mounts the directory on itself

Result<Outcome> remove_link_if_ours(const Step& step) {
  auto netlink = Netlink::open();
  if (!netlink) return netlink.error();
  auto links = netlink->links();
  if (!links) return links.error();
  const auto link = std::ranges::find(*links, step.subject, &endpoint::Link::name);
  if (link == links->end()) return Outcome::kNothing;
  if (to_text(link->mac) != step.detail)
    return Error("interface " + step.subject + " is not the one the lab made (its hardware address is " +
                 to_text(link->mac) + ", not " + step.detail + "); remove it by hand if nobody needs it");
  if (auto removed = remove_link(*netlink, *link); !removed) return removed.error();
  return Outcome::kRemoved;
}

// What stands under a namespace's name.
struct Standing {
  bool exists = false, is_namespace = false, is_empty_file = false;
  std::string id;  // "device:inode"
};

Result<Standing> look_at(const std::string& path) {
  struct stat st {};
  struct statfs fs {};
  if (::lstat(path.c_str(), &st) != 0)
    return errno == ENOENT ? Result<Standing>(Standing{}) : Error::from_errno(errno, "stat " + path);
  if (S_ISREG(st.st_mode) && ::statfs(path.c_str(), &fs) != 0)
    return Error::from_errno(errno, "stat " + path);
  Standing standing{true, S_ISREG(st.st_mode) && fs.f_type == NSFS_MAGIC, false,
                    std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino)};
  standing.is_empty_file = S_ISREG(st.st_mode) && !standing.is_namespace && st.st_size == 0;
  return standing;
}

// `id` is empty where up() was killed before it could note it.
Result<Outcome> remove_netns_if_ours(const std::string& path, const std::string& id) {
  auto standing = look_at(path);
  if (!standing) return standing.error();
  if (!standing->exists) return Outcome::kNothing;
  const bool ours = standing->is_empty_file || (standing->is_namespace && (id.empty() || id == standing->id));
  if (!ours) return Error(path + " is not the namespace the lab made; remove it by hand if nobody needs it");
  for (int i = 0; i < kMountsAtOnePath && ::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0; ++i) {
  }
  if (::unlink(path.c_str()) != 0) return Error::from_errno(errno, "remove " + path);
  return Outcome::kRemoved;
}

Result<Outcome> restore_sysctl(const Step& step) {
  auto now = read_sysctl(step.subject);
  if (!now && now.error().code() == ENOENT) return Outcome::kNothing;  // its interface has gone
  if (!now) return now.error();
  if (*now == step.detail) return Outcome::kNothing;
  if (auto written = write_sysctl(step.subject, step.detail); !written) return written.error();
  return Outcome::kRemoved;
}

// The directory and its mount stay while somebody else's namespaces are in them.
Result<Outcome> unmount_if_unused(const std::string& path) {
  auto names = endpoint::names_in(path);
  if (!names) return names.error();
  if (!names->empty() || ::umount2(path.c_str(), UMOUNT_NOFOLLOW) != 0) return Outcome::kNothing;
  return Outcome::kRemoved;
}

struct Context {
  std::string netns_dir;
  std::map<std::string, std::string> netns_ids;
  std::set<std::string> not_made;
};

Context context_of(const std::vector<Step>& steps) {
  Context context;
  for (const Step& step : steps) {
    if (step.verb == Verb::kNetnsDir) context.netns_dir = step.subject;
    if (step.verb == Verb::kNetnsIs) context.netns_ids[step.subject] = step.detail;
    if (step.verb == Verb::kNotMade) context.not_made.insert(step.subject);
  }
  return context;
}

Result<Outcome> undo_step(const Step& step, const Context& context) {
  switch (step.verb) {
    case Verb::kOutside:
    case Verb::kNetnsDir:
    case Verb::kNetnsIs:
    case Verb::kNotMade:
      return Outcome::kNothing;
    case Verb::kDirectory:
      return ::rmdir(step.subject.c_str()) == 0 ? Outcome::kRemoved : Outcome::kNothing;
    case Verb::kMountPoint:
      return unmount_if_unused(step.subject);
    case Verb::kSysctl:
      return restore_sysctl(step);
    case Verb::kLink:
      return remove_link_if_ours(step);
    case Verb::kNetns: {
      if (context.not_made.contains(step.subject)) return Outcome::kNothing;
      const auto id = context.netns_ids.find(step.subject);
      return remove_netns_if_ours(context.netns_dir + "/" + step.subject,
                                  id == context.netns_ids.end() ? "" : id->second);
    }
  }
  return Outcome::kNothing;
}

}  // namespace

Undone undo(const std::vector<Step>& steps) {
  const Context context = context_of(steps);
  Undone undone;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const auto outcome = undo_step(*step, context);
    if (!outcome)
      undone.failures.push_back(outcome.error().message());
    else if (*outcome == Outcome::kRemoved)
      undone.removed.push_back(to_text(*step));
  }
  return undone;
}

}  // namespace sluice::lab
