// What a folder of manifests holds: which files, which directories, and where symbolic links
// lead.
//
// Laws:
//  1. A manifest is a file named *.yaml, *.yml or *.json, in the folder or below. (A Helm chart's own, which are none,
//     folder.h passes over.)
//  2. Names that begin with a dot are hidden: editors' swap files, the "..data" directories of a
//     ConfigMap volume. A link that leads into a hidden directory is followed like any other.
//  3. A directory that is reached twice (loops included) is listed once.
//
// Only reads; any thread.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/source/finding.h"

namespace sluice::source::folder {

// Which version of a file this is. Two equal stamps are the same content, unless the file was changed within
// a tick of the file system's clock before it was read (see FolderReader).
struct FileStamp {
  uint64_t device = 0, inode = 0, size = 0;
  int64_t modified = 0, changed = 0;  // nanoseconds since the epoch
  auto operator<=>(const FileStamp&) const = default;
  static FileStamp of(const struct stat& status);
};

struct FolderListing {
  std::map<std::string, FileStamp> files;  // by path, as messages name them: FOLDER/below/name.yaml
  std::vector<std::string> directories;    // the folder itself first
  // Elsewhere (or hidden): directories in which a change of one of these names may change what a link leads
  // to.
  std::map<std::string, std::set<std::string>> link_steps;
  std::vector<Problem> problems;        // entries that cannot be read; their place names them
  std::vector<std::string> unreadable;  // paths of such files and directories: what they held stays
};

bool is_manifest_name(std::string_view name);

// The folder itself must be readable; everything below stands or falls alone.
base::Result<FolderListing> list_folder(const std::string& folder);

}  // namespace sluice::source::folder
