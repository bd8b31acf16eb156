#include "tests/kubeapi/world.h"

#include <algorithm>
#include <boost/json.hpp>
#include <functional>

#include "agent/source/decode/decode.h"
#include "agent/source/decode/kinds.h"

namespace sluice::kubeapi {
namespace {

namespace json = boost::json;

model::ObjectName name_of(const Json& object) {
  const Json& metadata = object.at("metadata").as_object();
  const auto text = [&](const char* key) {
    const auto* value = metadata.if_contains(key);
    return value != nullptr ? std::string(value->as_string()) : std::string();
  };
  return {text("namespace"), text("name")};
}

Stored with_version(Json object, uint64_t version) {
  object["metadata"].as_object()["resourceVersion"] = std::to_string(version);
  return std::make_shared<const Json>(std::move(object));
}

}  // namespace

std::optional<model::Kind> ServedKind::of_model() const {
  for (const model::Kind kind : model::kKinds)
    if (model::to_text(kind) == name) return kind;
  return std::nullopt;
}

std::string_view api_version_of(const ServedKind& kind) {
  const auto known = kind.of_model();
  return known ? source::decode::facts_of(*known).api_version : "cilium.io/v2";
}

void World::put(const ServedKind& kind, Json object) {
  {
    const std::lock_guard lock(mutex_);
    const model::ObjectName name = name_of(object);
    Stored stored = with_version(std::move(object), ++version_);
    const bool added = objects_[kind].insert_or_assign(name, stored).second;
    history_.push_back({version_, kind, added ? "ADDED" : "MODIFIED", std::move(stored)});
  }
  changed_.notify_all();
}

void World::remove(const ServedKind& kind, const model::ObjectName& name) {
  {
    const std::lock_guard lock(mutex_);
    Objects& objects = objects_[kind];
    const auto found = objects.find(name);
    if (found == objects.end()) return;
    Stored last = with_version(*found->second, ++version_);
    objects.erase(found);
    history_.push_back({version_, kind, "DELETED", std::move(last)});
  }
  changed_.notify_all();
}

void World::compact() {
  const std::lock_guard lock(mutex_);
  history_.clear();
  moments_.clear();
  oldest_ = ++version_;
}

struct World::Backup {
  AllObjects objects;
  uint64_t version;
};

std::shared_ptr<const World::Backup> World::backup() const {
  const std::lock_guard lock(mutex_);
  return std::make_shared<const Backup>(Backup{objects_, version_});
}

void World::restore(const Backup& backup) {
  {
    const std::lock_guard lock(mutex_);
    objects_ = backup.objects;
    version_ = backup.version;
    history_.clear();
    moments_.clear();
    oldest_ = std::min(oldest_, version_);
  }
  changed_.notify_all();
}

void World::bookmark() {
  {
    const std::lock_guard lock(mutex_);
    ++bookmarks_;
  }
  changed_.notify_all();
}

std::string World::token_of(uint64_t version, const model::ObjectName& last) {
  // Characters that a URL must escape, so that escaping is tested.
  return std::to_string(version) + "/+&=" + last.ns + "|" + last.name;
}

std::optional<Page> World::list(const ServedKind& kind, size_t limit, const std::string& token) {
  const std::lock_guard lock(mutex_);
  Page page{version_, {}, {}};
  model::ObjectName last;
  std::shared_ptr<const Objects> objects;
  if (token.empty()) {
    objects = std::make_shared<const Objects>(objects_[kind]);
    moments_[{version_, kind}] = objects;
  } else {
    const size_t mark = token.find("/+&="), bar = token.find('|');
    if (mark == token.npos || bar == token.npos) return std::nullopt;
    page.version = std::stoull(token.substr(0, mark));
    const auto moment = moments_.find({page.version, kind});
    if (moment == moments_.end()) return std::nullopt;
    objects = moment->second;
    last = {token.substr(mark + 4, bar - mark - 4), token.substr(bar + 1)};
  }
  auto at = token.empty() ? objects->begin() : objects->upper_bound(last);
  for (; at != objects->end() && page.items.size() < limit; ++at) {
    page.items.push_back(at->second);
    last = at->first;
  }
  if (at != objects->end()) page.next = token_of(page.version, last);
  return page;
}

World::News World::wait(const ServedKind& kind, uint64_t version, uint64_t& bookmarks_seen,
                        const std::function<bool()>& waiting) {
  std::unique_lock lock(mutex_);
  News news;
  const auto look = [&] {
    news.forgotten = version < oldest_;
    for (auto event = history_.rbegin(); event != history_.rend() && event->version > version; ++event)
      if (event->kind == kind) news.events.insert(news.events.begin(), *event);
    if (bookmarks_ != bookmarks_seen) {
      news.bookmark = version_;
      bookmarks_seen = bookmarks_;
    }
    return news.forgotten || !news.events.empty() || news.bookmark || !waiting();
  };
  while (!look()) changed_.wait(lock);
  return news;
}

void World::wake() {
  { const std::lock_guard lock(mutex_); }
  changed_.notify_all();
}

std::vector<model::ObjectName> World::names(const ServedKind& kind) const {
  const std::lock_guard lock(mutex_);
  std::vector<model::ObjectName> names;
  if (const auto objects = objects_.find(kind); objects != objects_.end())
    for (const auto& [name, object] : objects->second) names.push_back(name);
  return names;
}

uint64_t World::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

uint64_t World::bookmarks() const {
  const std::lock_guard lock(mutex_);
  return bookmarks_;
}

model::Cluster World::cluster(source::decode::Translator* translator) const {
  const std::lock_guard lock(mutex_);
  std::vector<model::Change> changes;
  std::vector<source::decode::ForeignChange> foreign;
  for (const auto& [kind, objects] : objects_)
    for (const auto& [name, object] : objects) {
      Json whole = *object;
      whole["kind"] = kind.name;
      whole["apiVersion"] = std::string(api_version_of(kind));
      const auto decoded = source::decode::decode(json::serialize(whole), "world",
                                                  source::decode::Wanted::kObjects, translator);
      for (const auto& one : decoded.objects) changes.push_back(model::Change::upsert(one.object));
      for (const auto& closed : decoded.closed) changes.push_back(model::Change::upsert(closed.policy));
      for (const auto& one : decoded.foreign) foreign.push_back({one.id, one});
    }
  if (translator != nullptr) changes = translator->apply(std::move(changes), foreign);
  model::Cluster cluster;
  for (const model::Change& change : changes) cluster.apply(change);
  return cluster;
}

}  // namespace sluice::kubeapi
