// Reading a folder of manifests: once (read_folder), or again and again, parsing only what changed
// (FolderReader).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/model/cluster.h"
#include "agent/source/finding.h"
#include "agent/source/folder/folder_listing.h"
#include "agent/source/folder/folder_state.h"

namespace sluice::source::folder {

inline constexpr uint64_t kMaxManifestBytes = 64 << 20;

struct FolderContents {
  model::Cluster cluster;
  std::vector<Problem> problems;
  std::vector<Warning> warnings;
  SkippedKinds skipped;
  std::vector<model::Workload> workloads;  // where they are wanted
  std::vector<WrittenObject> written;      // of kAsWritten, of the definitions that count
  std::vector<decode::ClosedPolicy>
      closed;  // of `problems` that are policies: what an API server's would do (semantics 40)
};

// Everything in `folder` and below. An error only where the folder itself cannot be read; files and objects
// that are wrong are in `problems`.
// `translator`: a fresh one, of foreign objects; none where it is null.
base::Result<FolderContents> read_folder(const std::string& folder, decode::Translator* translator = nullptr);

// The same of what `kubectl apply -f` takes, one after the other: folders, files of any name, "-": all of
// standard input. Of two definitions the one in the later source counts.
base::Result<FolderContents> read_manifests(const std::vector<std::string>& sources,
                                            decode::Wanted wanted = decode::Wanted::kObjects,
                                            decode::Translator* translator = nullptr);

// Remembers which version of each file it has read. Not thread-safe.
class FolderReader {
 public:
  // The translator, if there is one, must outlive it.
  explicit FolderReader(decode::Wanted wanted = decode::Wanted::kObjects,
                        const decode::Translator* translator = nullptr)
      : wanted_(wanted), translator_(translator) {}
  // Reads the listed files whose stamp is new, save those in `held` (being written); notices those that are
  // gone. A stamp younger than a tick of the file system's clock when it was read is not relied on.
  FolderReading read(const FolderListing& listing, const std::set<std::string>& held = {});

  // Reads these files again, whatever their stamps, and looks at no other.
  FolderReading read_files(const std::set<std::string>& paths);

  // Takes these files out of a reading: they were being written while they were read.
  void withdraw(const std::set<std::string>& paths, FolderReading& reading);

 private:
  FileReading read_file(const std::string& path);
  bool is_still_there(const std::string& path) const;

  decode::Wanted wanted_;
  const decode::Translator* translator_;
  std::map<std::string, FileStamp> known_;  // a default stamp: to be read again
  std::vector<Problem> folder_problems_;    // of the last listing
};

}  // namespace sluice::source::folder
