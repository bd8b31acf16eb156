// A bug report as a file: tar and gzip, by libarchive.
//
// Laws:
//  1. A file is made new, 0600, its owner's own: what is there already is never written to, nor a link followed. Where
//     it cannot be written whole nothing of it is left.
//  2. Everything in it stands below one folder and is 0600.
//
// One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/report/parts.h"

namespace sluice::report {

// `folder`: of everything in the archive; contents_text() is its CONTENTS. `time`: of the files, seconds since 1970.
// Gives the archive's bytes that were written.
base::Result<uint64_t> write_archive(int fd, const std::string& folder, const std::vector<ReadPart>& parts,
                                     int64_t time);

// The same into a file of its own. An error names the file.
base::Result<uint64_t> write_file(const std::string& path, const std::string& folder,
                                  const std::vector<ReadPart>& parts, int64_t time);

}  // namespace sluice::report
