// World: what the API server of the tests holds, with the history that its watches and pages need, as etcd
// keeps it.
//
// Laws: every change has a resourceVersion of its own, greater than all before. A list's pages are of one
// moment, that of its first page. compact() forgets every older moment. Any thread.
#pragma once

#include <boost/json/object.hpp>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/source/decode/foreign.h"

namespace sluice::kubeapi {

using Json = boost::json::object;
using Stored = std::shared_ptr<const Json>;

// A kind that the server has: one of the model's, or one of Cilium's by its name.
struct ServedKind {
  std::string name = "Pod";
  ServedKind() = default;
  ServedKind(model::Kind kind) : name(model::to_text(kind)) {}
  explicit ServedKind(std::string_view text) : name(text) {}
  auto operator<=>(const ServedKind&) const = default;
  std::optional<model::Kind> of_model() const;
};
inline const ServedKind kCiliumPolicy{"CiliumNetworkPolicy"},
    kCiliumClusterwidePolicy{"CiliumClusterwideNetworkPolicy"};

struct Event {
  uint64_t version = 0;
  ServedKind kind;
  std::string type;  // "ADDED", "MODIFIED", "DELETED"
  Stored object;     // a deleted one with the version of its deletion
};

struct Page {
  uint64_t version = 0;
  std::vector<Stored> items;
  std::string next;  // token of the next page; empty: none
};

class World {
 public:
  // Adds or replaces; sets metadata.resourceVersion.
  void put(const ServedKind& kind, Json object);
  void remove(const ServedKind& kind, const model::ObjectName& name);
  // Moments before now are forgotten: watches and tokens from there get 410.
  void compact();
  // What it holds now, and later again, with the version of now: as a server whose store was put back from a backup.
  // Watches end, as that server was another process; who asks from a version that is yet to come waits for it.
  struct Backup;
  std::shared_ptr<const Backup> backup() const;
  void restore(const Backup& backup);
  // Every watch that is open is sent a BOOKMARK of now.
  void bookmark();

  // None: 410, the token is of a moment that is forgotten, or no token at all.
  std::optional<Page> list(const ServedKind& kind, size_t limit, const std::string& token);

  struct News {
    bool forgotten = false;  // 410
    std::vector<Event> events;
    std::optional<uint64_t> bookmark;
  };
  // What came after `version`. Waits for it until wake() is called or `waiting` says no.
  News wait(const ServedKind& kind, uint64_t version, uint64_t& bookmarks_seen,
            const std::function<bool()>& waiting);
  void wake();

  std::vector<model::ObjectName> names(const ServedKind& kind) const;
  uint64_t version() const;
  uint64_t bookmarks() const;
  // What a reader of everything would hold: decoded by agent/source from its JSON. Objects that make no sense
  // are left out, policies closed (source::ClosedPolicy). `translator`: a fresh one, of Cilium's.
  model::Cluster cluster(source::decode::Translator* translator = nullptr) const;

 private:
  using Objects = std::map<model::ObjectName, Stored>;
  using AllObjects = std::map<ServedKind, Objects>;
  static std::string token_of(uint64_t version, const model::ObjectName& last);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  AllObjects objects_;
  std::vector<Event> history_;
  std::map<std::pair<uint64_t, ServedKind>, std::shared_ptr<const Objects>> moments_;
  uint64_t version_ = 1000, oldest_ = 1000, bookmarks_ = 0;
};

// {"kind":"Pod","apiVersion":"v1"} of a kind; of its list with "List".
std::string_view api_version_of(const ServedKind& kind);

}  // namespace sluice::kubeapi
