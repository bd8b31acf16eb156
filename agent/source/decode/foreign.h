// Foreign objects: policies of kinds that are not ours, which a Translator makes policies of ours of, as they come.
//
// Laws:
//  1. A foreign object is read as a tree and kept as one: what it means depends on others (Namespaces, Nodes, Pods), which
//     may come later.
//  2. What a Translator has made is a function of the objects that it was told, whatever their order.
//  3. What cannot be said of a foreign object never opens anything: a loss that allows less is a warning, anything else a
//     problem, and then the object denies what it may have denied.
//  4. The names that are made are kept for that. Where somebody else's object has one, what is made counts, and that is a
//     problem.
//
// The values: any thread. A Translator: one thread, save read_kind(), resources() and keeps(), which any thread may call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/source/decode/tree.h"
#include "agent/source/finding.h"

namespace sluice::source::decode {

struct ForeignId {
  std::string kind;
  model::ObjectName name;  // of a namespaced kind with a namespace, "default" where none was written
  auto operator<=>(const ForeignId&) const = default;
  std::string to_text() const { return kind + " " + name.to_text(); }
};

struct ForeignObject {
  ForeignId id;
  std::string api_version;
  std::shared_ptr<const Document> document;  // of the object alone
  Place place;
};

struct ForeignChange {
  ForeignId id;
  std::optional<ForeignObject> object;  // none: it is gone
};

// Where an API server has objects of a kind that is taken.
struct ForeignResource {
  std::string kind, api_version;  // "cilium.io/v2"
  std::string path;               // below the server's address, of all namespaces
};

// Is an object of this type to be read as a foreign one?
struct ForeignKind {
  bool taken = false, namespaced = false;
  std::string fault;  // not taken, but hardly meant otherwise: "did you mean …?"
};

class Translator {
 public:
  virtual ~Translator() = default;

  virtual ForeignKind read_kind(const std::string& api_version, const std::string& kind) const = 0;
  virtual std::vector<ForeignResource> resources() const = 0;
  // Law 4: may what is made have this name?
  virtual bool keeps(const model::ObjectId& id) const = 0;
  // Takes what changed of all objects; answers what changes in force, by kind and name: `own`, and what is made.
  virtual std::vector<model::Change> apply(std::vector<model::Change> own,
                                           const std::vector<ForeignChange>& foreign) = 0;

  // Of the moment, by foreign object.
  virtual std::vector<Problem> problems() const = 0;
  virtual std::vector<Warning> warnings() const = 0;
  // Another one whenever these may be others.
  virtual uint64_t remarks_version() const = 0;
  // Which object was made of which.
  virtual std::vector<std::pair<model::ObjectId, const ForeignObject*>> made() const = 0;
};

}  // namespace sluice::source::decode
