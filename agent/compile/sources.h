// SourceTable: what this node's pods may send from besides their own addresses. It keeps the
// image's table of sources.
//
// Laws:
//  1. A pod's prefixes are those of its object and of its namespace, none inside another
//     (semantics 38).
//  2. An address in them that another pod has is foreign: whoever meets it takes it for that
//     pod's. So is one that is reserved, of every pod but the one that has it (semantics 78).
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "agent/compile/image_writer.h"
#include "agent/compile/pods.h"

namespace sluice::compile {

class SourceTable {
 public:
  SourceTable(const PodIndex& pods, ImageWriter& writer) : pods_(pods), writer_(writer) {}

  // Of an endpoint; empty where it has none, or is gone. `pod` stays where it is until the next call.
  void set(EndpointId endpoint, const model::Pod* pod, const std::vector<net::Cidr>& prefixes);
  // Addresses of believed DNS servers. Returns those that came or went, which are to be written.
  std::vector<net::Ip> reserve(std::set<net::Ip> addresses);
  // After the address has come to another pod, or to none.
  void write(const net::Ip& ip);
  bool has(EndpointId endpoint) const { return given_.contains(endpoint); }

 private:
  struct Given {
    const model::Pod* pod = nullptr;
    std::vector<net::Cidr> prefixes;  // sorted
  };
  using Entries = std::map<net::Cidr, sluice_source_value>;

  Entries entries_of(const Given& given) const;
  bool is_foreign(const Given& given, const net::Ip& ip) const;

  const PodIndex& pods_;
  ImageWriter& writer_;
  std::set<net::Ip> reserved_;
  std::map<EndpointId, Given> given_;  // of those that have any
};

}  // namespace sluice::compile
