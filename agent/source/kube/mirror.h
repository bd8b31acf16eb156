// Mirror: every object that the API server is known to hold, packed small; and which of them
// changed.
//
// Laws:
//  1. An object is held as the bytes that `Pack` makes of it, so that 100,000 pods take tens of
//     MiB. An object that comes again with the same bytes is no change.
//  2. Between begin_list() and end_list() of a kind the list removes nothing; at its end
//     everything goes that the list did not name. So a new list changes no more than what is
//     different.
//  3. An object that is refused stays as it last was, and is a problem until it is mended or
//     gone.
//  4. Of a NetworkPolicy that is refused something is always held, whatever was before
//     (source::ClosedPolicy).
//  5. What a Translator made (decode/foreign.h) stands beside what was listed, and before it where both have one name; no
//     list touches it, and count() leaves it out.
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/source/finding.h"

namespace sluice::source::kube {

inline constexpr size_t kLargestPacked = 1 << 20;  // bytes of one object

class Mirror {
 public:
  struct Remarks {
    std::vector<source::Problem> problems;
    std::vector<source::Warning> warnings;
    bool operator==(const Remarks&) const = default;
  };
  // Equal objects must give equal bytes.
  using Pack = std::function<std::string(const model::Object& object)>;
  // `observed`: when the change had been read whole, Unix nanoseconds; 0: not known.
  using Changed = std::function<void(const model::ObjectId& id, int64_t observed)>;

  // What changed of the objects themselves, for a Translator; not called for what was made.
  using Heard = std::function<void(model::Change change, int64_t observed)>;

  // `heard`: where it is given, complete() waits for the first set_made().
  Mirror(Pack pack, Changed changed, Heard heard = {})
      : pack_(std::move(pack)),
        changed_(std::move(changed)),
        heard_(std::move(heard)),
        awaits_made_(heard_) {}

  void begin_list(model::Kind kind);
  void upsert(const model::Object& object, Remarks remarks, int64_t observed);
  // The object is wrong: law 3.
  void refuse(const model::ObjectId& id, source::Problem problem);
  void remove(const model::ObjectId& id, int64_t observed);
  void end_list(model::Kind kind, int64_t observed);

  // What changed of what is made.
  void set_made(const std::vector<model::Change>& changes, int64_t observed);

  // Has every kind been listed whole once?
  bool all_listed() const;
  // And what is made of others: is there everything?
  bool complete() const { return !awaits_made_ && all_listed(); }
  bool listed(model::Kind kind) const { return of(kind).listed; }
  size_t count(model::Kind kind) const { return of(kind).objects.size(); }
  // Null where it is not held. Valid until the object is changed.
  const std::string* packed(const model::ObjectId& id) const;
  // The first object after `last` in the order of kinds and names; of all where `last` is null. None: there
  // is no more.
  struct Held {
    model::ObjectId id;
    const std::string* packed = nullptr;
  };
  Held after(const model::ObjectId* last) const;

  // Those that hold now, by kind and name: the first `most`, and how many there are.
  std::vector<source::Problem> problems(size_t most) const { return gather(&Remarks::problems, most); }
  std::vector<source::Warning> warnings(size_t most) const { return gather(&Remarks::warnings, most); }
  size_t problem_count() const { return count(&Remarks::problems); }
  size_t warning_count() const { return count(&Remarks::warnings); }
  // Grows whenever these change.
  uint64_t remarks_version() const { return remarks_version_; }

 private:
  struct Entry {
    std::string packed;
    uint32_t generation = 0;
  };
  struct Remarked {
    uint32_t generation = 0;
    Remarks remarks;
  };
  struct OfKind {
    std::map<model::ObjectName, Entry> objects;
    std::map<model::ObjectName, Remarked> remarks;
    uint32_t generation = 0;  // of the last list begun
    bool listed = false;
  };
  OfKind& of(model::Kind kind) { return kinds_[static_cast<size_t>(kind)]; }
  const OfKind& of(model::Kind kind) const { return kinds_[static_cast<size_t>(kind)]; }
  // What was made. `problem`: it is too large, and this is what is held in its place, or nothing new.
  struct Made {
    std::string packed;
    std::optional<source::Problem> problem;
  };
  using Findings = std::vector<source::Finding>;
  Findings gather(Findings Remarks::*what, size_t most) const;
  size_t count(Findings Remarks::*what) const;
  void remark(const model::ObjectId& id, Remarks remarks);
  // As the agent can be sent it: itself, a policy without its rules, or nothing, which is a problem too.
  struct Fitting {
    std::string packed;  // empty: nothing of it fits
    std::optional<source::Problem> problem;
  };
  Fitting fit(const model::Object& object) const;
  void put_made(const model::Object& object, int64_t observed);

  Pack pack_;
  Changed changed_;
  Heard heard_;
  bool awaits_made_;
  std::map<model::ObjectId, Made> made_;
  std::array<OfKind, std::size(model::kKinds)> kinds_;
  uint64_t remarks_version_ = 0;
};

}  // namespace sluice::source::kube
