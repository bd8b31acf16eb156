// Answer: whether a connection may be opened, why, and what would allow it, as `sluicectl check` prints it
// (docs/interfaces.md has the JSON).
//
// Laws:
//  1. The verdict is the compiler's: nothing here judges anew.
//  2. A side that another node knows is `elsewhere`, never guessed.
//  3. The same value renders to the same bytes.
//
// Values; any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "agent/compile/compiler.h"
#include "agent/explain/misses.h"
#include "agent/explain/trace.h"
#include "agent/model/probe.h"

namespace sluice::explain {

// One end's opinion of the connection.
struct SideAnswer {
  model::Side opinion = model::Side::kNone;
  bool elsewhere = false;  // a pod of another node: its own agent knows
  std::string reason;      // label of include/sluice/reasons.h; empty: the end is no pod, or elsewhere
  std::string text;        // for people: why, where no rule says it
  std::vector<std::string> rules, isolated_by;
  std::vector<std::string> audited_by;  // of what is allowed: the policies in audit that would deny it
  // Of egress where rules name domains: the names of the address, and of these those by which `rules` match it.
  std::vector<std::string> names, by_names;
  std::vector<Miss> near;  // where it is denied
  // Of an egress side whose far end is a Service's address: what is behind it.
  std::optional<std::vector<compile::BackendAddress>> behind;
  std::vector<TraceStep> trace;  // where it was asked for
  std::optional<model::NetworkPolicy> fix;
};

// An endpoint behind the Service that was asked for, as its own node would judge what reaches it.
struct EndpointAnswer {
  std::string name;  // "shop/api-1"; empty: no pod
  net::Ip ip;
  net::Port port;
  SideAnswer ingress;
};

struct Answer {
  std::string from, to;  // as asked: "shop/web-1", "10.0.0.1"
  net::Protocol protocol;
  std::optional<net::Port> port;
  SideAnswer egress, ingress;
  std::vector<EndpointAnswer> endpoints;  // where `to` is a Service's address; `ingress` then sums them up

  model::Verdict verdict() const;
  // The side that denies it, of a Service that of the first endpoint that does; the ingress where nothing denies.
  const SideAnswer& denying() const;
  std::string reason() const;  // of the side that denies, else of the one with most to say
};

// A question about all addresses of a name (semantics 88).
struct NameAnswer {
  std::string name;
  std::vector<Answer> answers;  // in the order of addresses; those of families that the pod has; never empty

  const Answer& deciding() const;  // the first that is denied, else the first
};

// "Admin/policy:egress[0]": the rule of a ClusterNetworkPolicy that denies on this side, which is denied; empty: none does.
std::string denying_rule(const SideAnswer& side);

// One side of a pod that is an endpoint of the compiler's node; `mends`: with `near` and `fix`, which cost most.
base::Result<SideAnswer> explain_side(const compile::Compiler& compiler,
                                      const compile::why::Question& question, bool mends = true);

// Policies that are not in the cluster now: those outside their hours.
using PolicyNames = std::set<model::ObjectName>;

// Whoever knows one side: of `self`, where it is a pod, which is then question.pod.
using AskSide = std::function<base::Result<SideAnswer>(const model::ProbeEnd& self,
                                                       const compile::why::Question& question)>;
// Both sides; of a Service the ingress of each endpoint, which is denied where one of them denies. Each fix has a name that
// is neither a policy's of the cluster, nor `away`, nor that of another fix that says something else: applied, each is an
// object of its own.
base::Result<Answer> ask_both(const model::Cluster& cluster, const model::PodAddresses& addresses,
                              const model::Probe& probe, const AskSide& ask, const PolicyNames& away = {});

// Of each of these addresses, in the place of probe.to; of those that cannot be asked about, none; an error where none can.
// `check`: one question.
base::Result<NameAnswer> ask_name(const std::string& name, const std::vector<net::Ip>& addresses,
                                  model::Probe probe,
                                  const std::function<base::Result<Answer>(const model::Probe&)>& check);

// Offline: by the whole cluster, each side seen from its pod's own node. The Cluster must outlive it unchanged.
class Checker {
 public:
  Checker(const model::Cluster& cluster, bool with_trace, bool with_mends = true);
  ~Checker();
  base::Result<Answer> check(const model::Probe& probe, const PolicyNames& away = {});
  // Of each address that the name resolves to, in the place of probe.to.
  base::Result<NameAnswer> check(const std::string& name, model::Probe probe, const PolicyNames& away = {});

 private:
  struct Nodes;
  const model::Cluster& cluster_;
  const model::PodAddresses addresses_;
  std::unique_ptr<Nodes> nodes_;
};
// One probe. For many of the same cluster make a Checker.
base::Result<Answer> check(const model::Cluster& cluster, const model::Probe& probe, bool with_trace,
                           const PolicyNames& away = {});

// `mends`: at the end, how to come by what would allow it.
std::string to_text(const Answer& answer, bool colour, bool mends = true);
std::string to_json(const Answer& answer);  // one object, indented
std::string to_yaml(const Answer& answer);
std::string to_text(const NameAnswer& answer, bool colour);
// The answer that decides, with "name" and, in "addresses", each.
std::string to_json(const NameAnswer& answer);
std::string to_yaml(const NameAnswer& answer);
// The policies that would allow it as YAML documents; empty where nothing is denied or no policy can say it.
std::string fixes_yaml(const Answer& answer);

}  // namespace sluice::explain
