// Why: which policies a record is due to, as they are in force now. What was asked lately is remembered until another
// state is in force: a flood asks the same again and again. One thread; the NodeView must outlive it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/model/isolation.h"
#include "agent/node/node_view.h"
#include "agent/observe/record.h"

namespace sluice::stream {

class Why {
 public:
  static constexpr size_t kMostRemembered = 4096;

  explicit Why(const node::NodeView& view) : view_(view) {}

  // Sets the rule that allows it; of what is denied that of a ClusterNetworkPolicy that did, else the policies that
  // isolate the pod; and whether a name of the address would have had it allowed, and none is learnt (semantics 87).
  void explain(observe::FlowRecord& record);

 private:
  struct Asked {
    model::ObjectName pod;
    model::Direction direction = model::Direction::kIngress;
    std::optional<net::Ip> remote;  // absent: who isolates the pod?
    bool allowed = false;
    net::Protocol protocol;
    net::Port port;
    model::Policies which = model::Policies::kEnforced;  // where `remote` is absent
    auto operator<=>(const Asked&) const = default;
  };
  struct Found {
    std::string rule;
    std::vector<std::string> isolated_by;
    bool name_would_do = false;
  };
  std::vector<std::string> isolating(const Asked& asked) const;
  // The rule that allows it or, of what is denied, the one of a ClusterNetworkPolicy that denies it.
  Found deciding(const Asked& asked) const;
  Found find(const Asked& asked) const;
  // Does a ClusterNetworkPolicy speak of this side of the pod?
  bool has_tiers(const Asked& asked) const;

  const node::NodeView& view_;
  uint64_t epoch_ = 0;
  std::map<Asked, Found> remembered_;
};

}  // namespace sluice::stream
