// compile(): a cluster, seen from one node, as the exact contents of the maps. Compiler: the
// same, kept up to date.
//
// Laws:
//  1. No fd, clock, log or thread; same input, same bytes.
//  2. For any sequence of changes, Compiler::image() equals compile() of the cluster that
//     results, and update() returns image::difference(image before, image after).
//  3. What a change costs depends on what it touches, not on how much there is.
//
// Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/compile/compilation.h"

namespace sluice::compile {

struct Input {
  const model::Cluster& cluster;
  std::string node_name;
  std::vector<net::Ip> node_addresses;  // besides those of the Node object
  std::vector<LocalPod> local_pods;
};
// An error only where two contents have one id (image/ids.h).
base::Result<image::Image> try_compile(const Input& input);
// The same, for callers that have no state to leave standing: an empty image, under which nothing is an
// endpoint, takes the place of the error.
image::Image compile(const Input& input);

class Compiler {
 public:
  explicit Compiler(std::string node_name);

  // Applies the changes in order; what is not given stays. After an error the image is as it was before, and
  // the next update() starts from all objects anew.
  base::Result<image::Difference> update(
      std::span<const model::Change> changes,
      const std::optional<std::vector<LocalPod>>& new_locals = std::nullopt,
      const std::optional<std::vector<net::Ip>>& new_node_addresses = std::nullopt);

  // The addresses of DNS servers that are believed, which no pod may claim as another source of its own; in the image
  // after the next update(). False: they are already.
  bool reserve(std::set<net::Ip> addresses);
  // What was learnt anew: a name without a text, an address without names is gone. Nothing: the image will say what that
  // asks for after the next update(). Else it says so now (what nothing needs any more goes with the next update()), and this is what changed in it: names that came, of classes
  // that were there, which may be put in force at once, in any epoch.
  std::optional<image::Difference> learn(const std::map<NameSlot, std::optional<std::string>>& names,
                                         const std::map<net::Ip, std::vector<NameSlot>>& addresses);

  const image::Image& image() const;
  const model::Cluster& cluster() const { return *cluster_; }

  // How many rule sets and identities the image knows.
  struct Counts {
    size_t rulesets = 0, identities = 0;
  };
  Counts counts() const {
    Counts counts{compilation_->local_rules().rulesets().size(), 0};
    compilation_->identities().for_each_live([&](const auto&, const auto&) { ++counts.identities; });
    return counts;
  }
  // For agent/compile/why.
  const Compilation& compilation() const { return *compilation_; }

 private:
  base::Result<image::Difference> rebuild();

  const std::string node_name_;
  std::unique_ptr<model::Cluster> cluster_;
  std::vector<LocalPod> local_pods_;
  std::vector<net::Ip> node_addresses_;
  Learnt learnt_;
  std::set<net::Ip> reserved_;
  std::unique_ptr<Compilation> compilation_;
  std::optional<image::Image> last_good_;  // in force while the Compilation must not be used
};

}  // namespace sluice::compile
