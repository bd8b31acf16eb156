// RelayProgram: sluice-watcher --serve as a process of its own, so that what it takes is its own; and what it says of
// itself.
#pragma once

#include <sys/types.h>

#include <string>

#include "agent/relay/tls.h"

namespace sluice::bench {

class RelayProgram {
 public:
  // `errors`: a file for its log.
  RelayProgram(const std::string& kubeconfig, const std::string& address, const std::string& metrics,
               const relay::TlsFiles& files, const std::string& errors);
  ~RelayProgram();
  RelayProgram(const RelayProgram&) = delete;
  RelayProgram& operator=(const RelayProgram&) = delete;

  bool is_ready() const;
  // The sum of a metric's series; 0 where there is none.
  double metric(const std::string& name) const;
  double resident_mib() const;
  double cpu_seconds() const;

 private:
  std::string get(const std::string& path) const;

  const std::string metrics_;
  pid_t pid_ = -1;
};

}  // namespace sluice::bench
