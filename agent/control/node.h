// Node: the agent's one owner of state: objects, pods found here, node addresses; what they compile to; what
// is in force. News come in by take_…(); apply() brings the kernel from the value it holds to the value that
// is wanted.
//
// Laws: start, change and retry are one path. Nothing is applied before the first complete reading of the
// objects, the first discovery and the first node addresses: until then what an earlier agent left stays in
// force. A failed change leaves the previous state standing; the maps are then read anew and the next apply()
// tries again. A pod found here whose policy cannot be put in force gets the programs on its interface all
// the same: they know nothing of it, which closes it (strict) or follows its flows (permissive, semantics
// 25). What is enforced is let go only once it is certain that no pod is behind it (presence.h). No fd, no
// clock of its own, no waiting but Target's. Not thread-safe: one thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/compile/compiler.h"
#include "agent/control/adoption.h"
#include "agent/control/lasting.h"
#include "agent/control/log.h"
#include "agent/control/presence.h"
#include "agent/control/told.h"
#include "agent/image/placement.h"
#include "agent/model/probe.h"

namespace sluice::control {

// The maps, and the interfaces that carry our programs. A test gives other functions.
struct NodeMaps {
  image::Target* target = nullptr;
  std::function<base::Result<image::Contents>()> contents;
  std::function<base::Result<std::set<uint32_t>>()> attached;  // by whichever agent
  // Writes the connections down that these endpoints have open, before programs come to their interfaces for
  // the first time. May be left out.
  std::function<base::Status(const std::vector<AdoptingEndpoint>&)> adopt = {};
  // Whether programs on an interface keep others from adding an `ingress` qdisc (clsact).
  bool gives_way = false;
};

// For how long the interface of a pod that nobody knows yet is left to the plugins of its chain, where
// programs on it would keep the bandwidth plugin from its place.
inline constexpr std::chrono::seconds kGiveWay{1};

struct NodeClock {
  std::function<std::chrono::steady_clock::time_point()> steady;
  std::function<std::chrono::system_clock::time_point()> system;
};

// What a source of objects says. problems and warnings are all that hold now, one line each, not only new
// ones.
struct ObjectNews {
  std::vector<model::Change> changes;
  bool complete = true;  // false: a first reading is still under way
  std::vector<std::string> problems, warnings;
  std::map<std::string, size_t> ignored_kinds;
};

struct LastChange {
  std::chrono::system_clock::time_point when;  // it was in force
  std::string what;                            // "first state", "3 objects, endpoints"
  size_t entries = 0;                          // of the image that changed
  size_t writes = 0;                           // entries written before and at the flip
  std::chrono::duration<double> took{};
};

struct NodeTotals {
  uint64_t applies = 0, failures = 0, entries = 0, writes = 0;
};

enum class Applied { kNothingToDo, kInForce, kFailed };

class Node {
 public:
  // `log` must outlive it; `maps` outlives it too.
  Node(std::string name, NodeMaps maps, NodeClock clock, const Log& log);

  void take_objects(ObjectNews news);
  void take_discovery(endpoint::Discovery discovery);
  void take_node_addresses(std::vector<net::Ip> addresses);
  // What of the two could not be read now, one line each; what was taken before holds on.
  void take_unread(std::vector<std::string> unread);
  // All that a CNI plugin has told and not taken back.
  void take_told(Told told);
  // Of these, those whose interface is there, with its number; all, as they are, while nothing was
  // discovered.
  Told still_there(Told told) const;

  // Whether apply() would do something now.
  bool stale() const { return complete() && (news_ || retry_); }
  // kFailed: last_error() says why, and a later apply() tries again. After kInForce attachments may still be
  // missing: attach_errors() says which, and apply() tries those again too.
  Applied apply();
  // Lets what only the state before needed go, once no packet under way can ask for it: milliseconds to tens
  // of them, all of it waiting. After apply(), when those who wait for its state were told; the next apply()
  // begins with it. What fails is in last_error(), and a later apply() tries again.
  void settle();
  // Programs on the interface of one that is told now, at once and also while nothing can be applied yet:
  // what they know nothing of is closed (strict). Again where it has some: they may be of another interface
  // that had its number. What fails is in attach_errors().
  void attach_told(const ToldEndpoint& told);
  // At the start, the same of all told ones that carry no programs of any agent. What an earlier agent
  // enforces on the others holds until the first state.
  void attach_told_without_programs();
  // What apply() would do, without doing it.
  base::Result<image::Difference> preview();

  bool complete() const { return objects_complete_ && discovered_ && addressed_; }
  bool started() const { return last_change_.has_value(); }  // a first state is in force
  // Everything taken is in force.
  bool settled() const { return started() && !stale(); }
  // Why nobody should rely on this node now, one line: nothing is in force yet, the last change failed, an
  // interface has no programs, or pods may be here that cannot be seen. Empty: ready.
  std::string why_not_ready() const;
  // Why pods of this node may be without policy although all that was taken is in force, one line; empty:
  // none is.
  std::string why_unprotected() const;
  bool ready() const { return why_not_ready().empty(); }

  const std::string& name() const { return name_; }
  const compile::Compiler& compiler() const { return compiler_; }
  // What is in force.
  const image::Image& image() const { return behind_ ? *behind_ : compiler_.image(); }
  const image::Placement& placement() const { return placement_; }
  uint64_t epoch() const { return placement_.epoch(); }
  const std::vector<endpoint::LocalPod>& locals() const { return presence_.pods; }
  const Presence& presence() const { return presence_; }
  const endpoint::Discovery& discovery() const { return discovery_; }
  // Interfaces that carry our programs for sure.
  const std::set<uint32_t>& attached() const { return attached_; }
  const std::map<uint32_t, std::string>& attach_errors() const { return attach_errors_; }
  const Told& told() const { return told_; }
  // All sources together, sorted; of what is seen of the machine only what has stood for a second (Lasting).
  std::vector<std::string> problems() const;
  std::vector<std::string> warnings() const;  // likewise
  // When more of them will have stood: log_problems() is due then.
  std::optional<std::chrono::steady_clock::time_point> next_problems() const;
  void log_problems();
  // Those of the source of objects alone, in its order.
  const std::vector<std::string>& object_problems() const { return object_problems_; }
  const std::map<std::string, size_t>& ignored_kinds() const { return ignored_kinds_; }
  const std::optional<LastChange>& last_change() const { return last_change_; }
  const std::string& last_error() const { return last_error_; }
  const NodeTotals& totals() const { return totals_; }
  // "namespace/pod" that has the address, or "".
  std::string pod_of(const net::Ip& address);

 private:
  void note_news();
  // Those that are no news are left out.
  void take_changes(std::vector<model::Change> changes);
  void note_discovery();
  // Whoever has the number of an interface now that looks otherwise than before is to be attached to anew.
  void doubt_attachments(const endpoint::Discovery& now);
  void take_pod(const model::Change& change);
  void take_node_object(const model::Change& change);
  std::string describe_news() const;
  void find_pods();
  // Problems and warnings of the machine, as they are now.
  std::vector<std::string> machine_problems() const;
  std::vector<std::string> machine_warnings() const;
  // Interfaces that carry our programs, by whichever agent.
  std::set<uint32_t> carrying() const;
  std::vector<compile::LocalPod> local_pods() const;
  // Takes the news into the compiler; the difference from what is in force to what is wanted.
  base::Result<image::Difference> compile();
  base::Status read_back();
  // Brings the compiler's image into force.
  base::Status put(const image::Difference& difference, LastChange& change);
  // Interfaces of endpoints in force, of pods that wait for that, and of those that are not known.
  std::set<uint32_t> wanted_interfaces() const;
  // Unknown, new since the first state, and not told of: a chain of plugins may be at work on it.
  bool gives_way(uint32_t ifindex) const;
  void attach_wanted();
  // Endpoints in force on interfaces that carry no programs of any agent yet learn of the connections that
  // are open.
  void adopt_connections() const;
  // What nobody wants, and what an earlier agent left; only while it is known what is in force.
  void detach_unwanted(const std::set<uint32_t>& wanted);
  void attach_at_once(uint32_t ifindex);
  std::string pod_at(uint32_t ifindex) const;
  void log_news(std::string_view event, std::vector<std::string>& known,
                const std::vector<std::string>& now) const;
  Applied fail(const base::Error& error);
  void succeed(LastChange change);

  const std::string name_;
  NodeMaps maps_;
  NodeClock clock_;
  const Log& log_;

  compile::Compiler compiler_;
  image::Placement placement_;
  // What is in force, while it is not compiler_.image(): at the start and after a failure.
  std::optional<image::Image> behind_ = image::Image{};
  bool read_ = false;                     // placement_ and behind_ are what the maps hold
  std::optional<image::Plan> unsettled_;  // in force, and what it replaced is still there

  bool objects_complete_ = false, discovered_ = false, addressed_ = false;
  bool news_ = false, retry_ = false;
  std::vector<model::Change> changes_;  // not compiled yet
  bool pods_changed_ = false, discovery_changed_ = false, read_anew_ = false;
  std::optional<std::vector<net::Ip>> new_addresses_;
  model::Cluster pods_;                        // the pods alone, without labels and ports: for matching
  std::vector<net::Cidr> pod_cidrs_;           // of this node's Node object
  std::optional<model::PodAddresses> owners_;  // of pods_
  Told told_;
  Lending lending_;
  endpoint::Discovery discovery_;        // with what is told
  endpoint::Discovery discovered_here_;  // without
  std::set<net::Ip> addresses_here_;     // of discovery_
  Presence presence_;

  std::map<uint32_t, std::chrono::steady_clock::time_point> unknown_since_;  // presence_.unknown
  std::set<uint32_t> attached_;
  // Attached by an earlier agent, as read at the start; emptied once looked at.
  std::optional<std::set<uint32_t>> inherited_;
  std::map<uint32_t, std::string> attach_errors_;
  std::vector<std::string> object_problems_, object_warnings_, unread_, known_problems_, known_warnings_;
  Lasting lasting_problems_, lasting_warnings_;
  std::map<std::string, size_t> ignored_kinds_;
  std::optional<std::chrono::steady_clock::time_point> news_since_;  // of the oldest not in force
  std::optional<LastChange> last_change_;
  std::string last_error_;
  NodeTotals totals_;
};

}  // namespace sluice::control
