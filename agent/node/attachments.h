// Attachments: which interfaces carry our programs. Who is to carry them is the Reconciler's to
// decide.
//
// Laws:
//  1. What an earlier agent attached is inherited: the interface carries our programs, and they
//     are taken off only where nobody wants them.
//  2. An interface that got the number of another one is attached to anew: its name, or the
//     namespace behind it, differs.
//  3. What others took off an interface, or put in the place of ours, is put back (put_back()). What they put before
//     ours is left there, and said (behind()): to take its place there would be a moment without ours, and then a quarrel.
//  4. A failure concerns its interface alone, and stands in errors() until an attempt succeeds.
//
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/endpoint/discover.h"

namespace sluice::node {

// How programs come to an interface of this node and go from it. A test gives other functions.
struct Hooks {
  std::function<base::Status(uint32_t ifindex)> attach, detach;
  std::function<base::Result<std::set<uint32_t>>()> attached;  // by whichever agent
  // How many programs of others run before ours on an interface that is there; nothing: it lacks a program that `attach`
  // put there. May be left out.
  std::function<base::Result<std::optional<size_t>>(uint32_t ifindex)> others_first = {};
};

class Attachments {
 public:
  explicit Attachments(Hooks hooks) : hooks_(std::move(hooks)) {}

  // Learns what an earlier agent attached. Once; after a failure again.
  base::Status inherit();
  // Finds the interfaces that are others now than before (law 2).
  void invalidate(const endpoint::Discovery& before, const endpoint::Discovery& now);

  // Puts our programs on the interface, also where it has some. `whose`: how an error names it.
  base::Status attach(uint32_t ifindex, const std::string& whose);
  // Puts them on each of these interfaces that is not known to have them. Errors of earlier attempts are forgotten.
  void attach_missing(const std::set<uint32_t>& wanted, const std::function<std::string(uint32_t)>& whose);
  // Takes our programs off every interface but these. An error is the first one; the interface is tried
  // again next time.
  base::Status detach_all_but(const std::set<uint32_t>& wanted);

  // Attaches again to each interface to which this agent has attached and which lacks a program now; those. What
  // cannot be attached again is in errors(), and is attached() no more. `all`: to the others too, since what keeps their
  // programs there may be gone. Finds out behind() on the way.
  std::vector<uint32_t> put_back(const std::function<std::string(uint32_t)>& whose, bool all);

  // Interfaces to which this agent has attached: they carry our programs for sure.
  const std::set<uint32_t>& attached() const { return attached_; }
  // Of these, as put_back() found them: those where programs of others run before ours.
  const std::set<uint32_t>& behind() const { return behind_; }
  // attached(), and those that an earlier agent attached to.
  std::set<uint32_t> carrying() const;
  // Interfaces that carry programs of any agent, as the kernel has it now.
  base::Result<std::set<uint32_t>> read() const { return hooks_.attached(); }
  const std::map<uint32_t, std::string>& errors() const { return errors_; }

 private:
  const Hooks hooks_;
  std::set<uint32_t> attached_, behind_;
  std::optional<std::set<uint32_t>> inherited_;  // nothing: not read yet; emptied once looked at
  std::map<uint32_t, std::string> errors_;
};

}  // namespace sluice::node
