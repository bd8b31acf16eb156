// NodeView: a node's state, for replies, metrics and whoever waits for it to change. It reads and
// never changes; it is valid as long as the Reconciler that gave it. What it answers is of one
// moment, until the Reconciler changes.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/compile/compiler.h"
#include "agent/node/applier.h"
#include "agent/node/attachments.h"
#include "agent/node/inputs.h"
#include "agent/node/interfaces.h"
#include "agent/node/reports.h"

namespace sluice::node {

struct LastChange {
  std::chrono::system_clock::time_point when;  // it was in force
  std::string what;                            // "first state", "3 objects, endpoints"
  size_t entries = 0;                          // of the image that changed
  size_t writes = 0;                           // entries written before and at the flip
  bool endpoints = false;                      // endpoints came, went or have other rule sets
  std::vector<image::NameSlot> names = {};     // whose class is another one
  std::chrono::duration<double> took{};        // from the news to the flip
  std::chrono::duration<double> compiled{};    // of that, computing what changes in the image
};

struct Totals {
  uint64_t applies = 0, failures = 0, entries = 0, writes = 0;
  uint64_t put_back = 0;  // interfaces to which programs were attached again that others had taken off
};

// The parts of a node; the Reconciler's.
struct NodeState {
  std::string name;
  compile::Compiler compiler;
  Inputs inputs;
  Applier applier;
  Attachments attachments;
  Interfaces interfaces;  // of the inputs compiled last
  Reports reports;
  std::vector<std::string> unread;  // what of the machine could not be read, one line each
  std::string unkept;               // why pins cannot be kept; empty: they are
  bool closes_new = false;          // --new-interfaces closed
  std::set<uint32_t> held;  // got programs before their pod was known, and no endpoint is in force there yet
  bool retry = false;       // something failed, and is to be tried again
  bool unfit = false;       // what failed was to compile it, or to find room for it
  std::vector<std::string> beyond;  // policies that are closed, being more than fits, one line each
  bool learnt = false;              // something was learnt that the image does not say yet
  // When to look again at interfaces that are left to their chains (kGiveWay); nothing: none is.
  std::optional<std::chrono::steady_clock::time_point> look_again;
  std::optional<LastChange> last_change;
  std::string last_error;  // of the last change; empty where it succeeded
  Totals totals;
};

class NodeView {
 public:
  explicit NodeView(const NodeState& state) : state_(state) {}

  const std::string& name() const { return state_.name; }
  const compile::Compiler& compiler() const { return state_.compiler; }
  // What is in force.
  const image::Image& image() const { return state_.applier.in_force(state_.compiler.image()); }
  const image::Placement& placement() const { return state_.applier.placement(); }
  uint64_t epoch() const { return placement().epoch(); }
  const std::vector<endpoint::LocalPod>& locals() const { return state_.interfaces.pods; }
  const Interfaces& interfaces() const { return state_.interfaces; }
  const endpoint::Discovery& discovery() const { return state_.inputs.discovery(); }
  const Announced& announced() const { return state_.inputs.announced(); }
  const std::set<uint32_t>& attached() const { return state_.attachments.attached(); }
  const std::set<uint32_t>& behind() const { return state_.attachments.behind(); }
  bool closes_new() const { return state_.closes_new; }
  // The names of interfaces whose pods are not known: they pass nothing (--new-interfaces closed).
  std::vector<std::string> held() const;
  // The names of interfaces behind which pods may be that nothing is enforced on, before a first state is in force.
  std::vector<std::string> open_yet() const;
  // Interfaces on which programs of others run before ours, and what that means, one line; empty: there are none.
  std::string behind_others() const;
  const std::map<uint32_t, std::string>& attach_errors() const { return state_.attachments.errors(); }
  const std::optional<LastChange>& last_change() const { return state_.last_change; }
  // The last attempt failed, as what is wanted cannot be compiled or does not fit.
  bool unfit() const { return state_.unfit; }
  const std::string& last_error() const { return state_.last_error; }
  const Totals& totals() const { return state_.totals; }

  std::vector<std::string> problems() const { return state_.reports.problems(); }
  std::vector<std::string> warnings() const { return state_.reports.warnings(); }
  // Those of objects alone: of their source, in its order, and of policies that are closed, being more than fits.
  std::vector<std::string> object_problems() const;
  const std::map<std::string, size_t>& ignored_kinds() const { return state_.inputs.news().ignored_kinds; }

  bool complete() const { return state_.inputs.complete(); }
  bool started() const { return state_.last_change.has_value(); }  // a first state is in force
  // apply() would do something now.
  bool stale() const {
    return complete() &&
           (state_.inputs.changed() || state_.retry || state_.learnt || state_.look_again.has_value());
  }
  // Something failed, and apply() would try it again now.
  bool to_retry() const { return complete() && state_.retry; }
  // By then apply() is to be called again, news or not.
  std::optional<std::chrono::steady_clock::time_point> look_again() const { return state_.look_again; }
  // Every input is in force.
  bool all_in_force() const { return started() && !stale(); }
  // Why nobody should rely on this node now, one line: nothing is in force yet, the last change failed, an interface
  // has no programs, or pods may be here that cannot be seen. Empty: ready.
  std::string why_not_ready() const;
  bool ready() const { return why_not_ready().empty(); }
  // Why pods of this node may be without policy although every input is in force, one line; empty: none is.
  std::string why_unprotected() const;
  // Those of them whose interface is there, with its number. While nothing was discovered: all, as they are.
  Announced still_there(Announced announced) const;

 private:
  std::vector<std::string> names_of(const std::set<uint32_t>& interfaces) const;

  const NodeState& state_;
};

}  // namespace sluice::node
