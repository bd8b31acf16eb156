// Step: one thing that the installer does to the node, as a value; carry_out() does it.
//
// Laws:
//  1. Runtimes see a configuration or a program whole, old or new, whichever step was the last to
//     come to pass: a file is written under a name that runtimes pass over, made lasting, and
//     only then renamed.
//  2. Steps may be repeated.
//
// Source: rename(2), fsync(2).
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "agent/base/result.h"

namespace sluice::cni {

struct WriteFile {
  std::string path, bytes;
  bool operator==(const WriteFile&) const = default;
};
struct CopyProgram {  // executable for all
  std::string from, to;
  bool operator==(const CopyProgram&) const = default;
};
struct Rename {
  std::string from, to;
  bool operator==(const Rename&) const = default;
};
struct Remove {  // not there: nothing to do
  std::string path;
  bool operator==(const Remove&) const = default;
};
struct SyncDirectory {
  std::string path;
  bool operator==(const SyncDirectory&) const = default;
};
struct MakeDirectories {
  std::string path;
  bool operator==(const MakeDirectories&) const = default;
};
using Step = std::variant<MakeDirectories, WriteFile, CopyProgram, Rename, Remove, SyncDirectory>;

base::Status carry_out(const Step& step);
// In their order, up to the first that fails.
base::Status carry_out(const std::vector<Step>& steps);

}  // namespace sluice::cni
