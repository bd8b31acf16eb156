// Reconciler: brings a node from what is in force to what its inputs ask for. It alone owns both.
//
// Laws:
//  1. Start, change and retry are one path: apply() goes from the image that the maps hold to the
//     one that is wanted.
//  2. Nothing is applied before the inputs are complete (inputs.h); until then what an earlier
//     agent left holds.
//  3. A failed change leaves the previous state in force. The maps are read anew, and the next
//     apply() tries again.
//  4. A pod found here whose policy cannot be put in force gets our programs all the same. They
//     know nothing of it: with strict they close it, with permissive they follow its flows
//     (semantics 25).
//  5. With clsact, a new interface of a known pod is left to its chain (kGiveWayClosed) only where
//     its namespace was seen closed, less than a kGiveWay ago, and no CNI plugin has announced it.
//  6. With `closes_new` a new interface behind which a pod may be gets our programs as soon as it
//     is discovered, before anything is applied too, and they close it (law 4) until its pod's
//     policy is in force. With clsact, not while its namespace is closed (law 5).
//  7. Programs are taken off an interface only once it is certain that no pod is behind it
//     (interfaces.h).
//
// It has no fd and no clock of its own, and waits for nothing but Target. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/base/log.h"
#include "agent/node/adoption.h"
#include "agent/node/node_view.h"

namespace sluice::node {

// What the Reconciler acts upon. A test gives other functions.
struct Backend {
  image::Target* target = nullptr;  // null where nothing is to be put in force
  Applier::ReadMaps read_maps;
  Hooks hooks;
  // Makes flows of the connections that these endpoints have open, before programs come to their interfaces for the
  // first time. May be left out.
  std::function<base::Status(const std::vector<AdoptingEndpoint>&)> adopt = {};
  // Programs on an interface keep others from adding an `ingress` qdisc (clsact).
  bool gives_way = false;
  // Whether the namespace of that path certainly passes no packet (endpoint/gate.h). May be left out.
  std::function<bool(const std::string& netns)> is_closed = {};
  bool closes_new = false;  // law 6
};

// How long a new interface is left to the plugins of its chain, where programs on it would keep the bandwidth
// plugin from its place: that of a pod that nobody knows yet, come after the first state, and that of any pod
// whose namespace is closed, which is looked at again each kGiveWay.
inline constexpr std::chrono::seconds kGiveWay{1}, kGiveWayClosed{10};

struct Clock {
  std::function<std::chrono::steady_clock::time_point()> steady;
  std::function<std::chrono::system_clock::time_point()> system;
};

enum class Applied { kNothingToDo, kInForce, kFailed };

class Reconciler {
 public:
  // `log` and what `backend` points to must outlive it.
  Reconciler(const std::string& name, Backend backend, Clock clock, const base::Log& log);
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  const NodeView& view() const { return view_; }

  void set_objects(ObjectNews news);
  // Policies whose hours begin or end. One change, whatever their number.
  void change_objects(std::vector<model::Change> changes);
  void set_discovery(endpoint::Discovery discovery);
  void set_node_addresses(std::vector<net::Ip> addresses);
  // All that CNI plugins announced and did not withdraw.
  void set_announced(Announced announced);
  // What was learnt (compile::Compiler::learn()). False: apply() is to bring it in force.
  bool learn(const std::map<image::NameSlot, std::optional<std::string>>& names,
             const std::map<net::Ip, std::vector<image::NameSlot>>& addresses);
  // The addresses of DNS servers that are believed. True: apply() is to bring that in force.
  bool reserve(std::set<net::Ip> addresses);
  // Why what an agent needs to find at its next start cannot be kept there, one line; empty: it is.
  void set_unkept(std::string why);
  // What of the machine cannot be read now, one line each. What was read of it before still holds.
  void set_unread(std::vector<std::string> unread);
  // Policies that are closed, being more than fits, one line each.
  void set_beyond(std::vector<std::string> beyond);

  // kFailed: last_error() says why, and a later apply() tries again. After kInForce attachments may still be
  // missing: attach_errors() says which, and apply() tries those again too.
  Applied apply();
  // Deletes what only the state before needed: waits for the packets under way, milliseconds to tens of them.
  // Call it after apply(), when those who wait for its state were answered; the next apply() begins with it.
  // A failure is in last_error(), and a later apply() tries again.
  void clean_up();
  // Puts programs on the interface of an endpoint that is announced now, at once and also while nothing can
  // be applied: programs that know nothing of a pod close it (strict). An interface that carries some gets
  // them anew: these may be of another interface that had its number. A failure is in attach_errors().
  void attach_announced(const AnnouncedEndpoint& announced);
  // At the start: the same for all announced endpoints whose interface carries no programs of any agent. On
  // the others, what an earlier agent enforces holds until the first state.
  void attach_announced_without_programs();
  // After set_discovery(), and once at the start: law 6. False where some could not be held: call it again.
  bool hold_new();
  // Attaches again where others took our programs off. Every now and then: nobody tells of that. False where it could
  // not: apply() tries again. `all`: as Attachments::put_back() has it.
  bool put_back(bool all = false);
  // What apply() would do, without doing it.
  base::Result<image::Difference> preview();

  // Reports what has stood for a second by now. Call it again at next_report().
  void report();
  std::optional<Reports::Time> next_report() const { return state_.reports.next(); }
  // "namespace/pod" that has the address, or "".
  std::string pod_of(const net::Ip& address) { return state_.inputs.pod_of(address); }

 private:
  void note_change();
  void classify();
  std::vector<compile::LocalPod> local_pods() const;
  base::Status read_back();
  // Compiles the inputs; the difference from what is in force to what is wanted.
  base::Result<image::Difference> compile();
  // Interfaces of endpoints in force, of pods that wait for that, and of those that are not known.
  std::set<uint32_t> wanted_interfaces() const;
  // Those of them on which a chain of plugins may be at work.
  std::set<uint32_t> left_to_chains(const std::set<uint32_t>& wanted);
  // How long it is left to its chain, where it is not announced.
  std::chrono::seconds way_of(uint32_t ifindex) const;
  bool is_closed(uint32_t ifindex) const;
  bool compiled_in_force() const;
  bool hold(uint32_t ifindex, const std::string& interface);
  void forget_held();
  void attach_wanted();
  void detach_unwanted();
  // Makes flows of open connections, for endpoints in force on interfaces that carry no programs yet;
  // not for those that are left to their chains.
  void adopt_connections(const std::set<uint32_t>& left) const;
  void attach_at_once(uint32_t ifindex);
  std::string pod_at(uint32_t ifindex) const;
  Applied fail(const base::Error& error);
  void succeed(LastChange change);

  const Backend backend_;
  const Clock clock_;
  const base::Log& log_;
  NodeState state_;
  const NodeView view_;
  // The oldest input that is not in force.
  std::optional<std::chrono::steady_clock::time_point> changed_since_;
  // Interfaces that are to get programs and have none, and since when.
  std::map<uint32_t, std::chrono::steady_clock::time_point> bare_since_;
  // What hold_new() has looked at, by number; the name tells another interface of that number.
  std::map<uint32_t, std::string> looked_at_;
};

}  // namespace sluice::node
