// Addresses: those of pods, Services and nodes that the files hold, in order. Private to agent/lint. Pure.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::lint {

// Does the block cover the address? One that stands for an unknown one as model/workloads.h has it (law 3).
bool is_in(const model::IpBlock& block, const net::Ip& ip);

class Addresses {
 public:
  enum Kind : uint8_t { kPod, kService, kNode };
  static constexpr std::array<const char*, 3> kKindNames = {"pod", "Service", "node"};

  struct Owner {
    net::Ip ip;
    Kind kind = kPod;
    std::string name;  // "shop/web-1", "node-1"
    auto operator<=>(const Owner&) const = default;
  };
  struct Covered {
    std::array<size_t, 3> count{};        // of addresses, by kind
    std::array<const Owner*, 3> first{};  // of each kind, where there is one
    bool any() const { return count[kPod] + count[kService] + count[kNode] > 0; }
  };

  explicit Addresses(const model::Cluster& cluster);
  // Remembered.
  const Covered& covered_by(const model::IpBlock& block);

 private:
  size_t first_in(const net::Cidr& cidr) const;
  size_t behind(const net::Cidr& cidr, size_t first) const;
  void add_range(size_t from, size_t to, Covered& covered) const;

  std::vector<Owner> owners_;                  // sorted
  std::array<std::vector<size_t>, 3> places_;  // of each kind in owners_, ascending
  std::map<model::IpBlock, Covered> covered_;
};

}  // namespace sluice::lint
