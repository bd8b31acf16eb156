// ImageWriter: the image in the making, and what has changed in it since its difference was last
// drained.
//
// Laws:
//  1. drain_difference() is image::difference(image then, image now).
//  2. A port set is in the image exactly while a rule or a side refers to it.
//
// Not thread-safe.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/image/image.h"

namespace sluice::compile {

// One table of the image. It remembers of each write what stood there before and what stands there now. An empty start needs no
// memory: until the first drain_change(), everything in the table has been added.
template <typename Map>
class Table {
 public:
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;

  explicit Table(Map& entries) : entries_(entries) {}

  const Value* find(const Key& key) const {
    auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
  }
  // nullopt removes. Returns what was there.
  std::optional<Value> set(const Key& key, std::optional<Value> value) {
    auto at = entries_.lower_bound(key);
    const bool present = at != entries_.end() && !(key < at->first);
    if (!present && !value) return std::nullopt;
    std::optional<Value> old = present ? std::optional<Value>(at->second) : std::nullopt;
    if (old == value) return old;
    if (drained_) written_.push_back({key, {old, value}});
    if (!value)
      entries_.erase(at);
    else if (present)
      at->second = std::move(*value);
    else
      entries_.emplace_hint(at, key, std::move(*value));
    return old;
  }
  image::TableChange<Key, Value> drain_change() {
    image::TableChange<Key, Value> change;
    if (!std::exchange(drained_, true))
      for (const auto& [key, now] : entries_)
        change.emplace_hint(change.end(), key, image::Changed<Value>{std::nullopt, now});
    auto written = std::exchange(written_, {});
    const auto by_key = [](const Written& a, const Written& b) { return a.key < b.key; };
    if (!std::is_sorted(written.begin(), written.end(), by_key))
      std::stable_sort(written.begin(), written.end(), by_key);
    for (auto first = written.begin(); first != written.end();) {
      auto last = first;
      while (std::next(last) != written.end() && std::next(last)->key == first->key) ++last;
      if (image::Changed<Value> all{std::move(first->change.before), std::move(last->change.after)};
          !(all.before == all.after))
        change.emplace_hint(change.end(), first->key, std::move(all));
      first = std::next(last);
    }
    return change;
  }
  const Map& entries() const { return entries_; }

 private:
  struct Written {
    Key key;
    image::Changed<Value> change;
  };
  Map& entries_;
  bool drained_ = false;
  std::vector<Written> written_;  // in the order of writing
};

class ImageWriter {
 public:
  ImageWriter()
      : addresses(image_.addresses),
        prefixes(image_.prefixes),
        sources(image_.sources),
        services(image_.services),
        names(image_.names),
        rules_(image_.rules),
        portsets_(image_.portsets),
        endpoints_(image_.endpoints) {}
  ImageWriter(const ImageWriter&) = delete;
  ImageWriter& operator=(const ImageWriter&) = delete;

  const image::Image& image() const { return image_; }
  image::Difference drain_difference() {
    return {addresses.drain_change(), prefixes.drain_change(),  sources.drain_change(),
            services.drain_change(),  names.drain_change(),     rules_.drain_change(),
            portsets_.drain_change(), endpoints_.drain_change()};
  }
  image::Image move_image_out() { return std::move(image_); }

 private:
  image::Image image_;  // before the tables that refer to it

 public:
  Table<decltype(image::Image::addresses)> addresses;
  Table<decltype(image::Image::prefixes)> prefixes;
  Table<decltype(image::Image::sources)> sources;
  Table<decltype(image::Image::services)> services;
  Table<decltype(image::Image::names)> names;

  // `ports` is the content of ref.portset; nullopt removes the entry. Nothing is written before
  // write_rules(), which goes through the table in its order: neighbours share the wait for memory.
  void set_rule(const image::RuleKey& key, const std::optional<image::Ref>& ref,
                const image::Portset& ports = {});
  void write_rules();
  const image::Ref* find_rule(const image::RuleKey& key) const { return rules_.find(key); }
  // `ports_of` gives the content of a side's default_ref.portset; it is not asked where that is 0.
  using PortsOf = std::function<image::Portset(const image::Side&)>;
  void set_endpoint(image::EndpointId id, std::optional<image::Endpoint> endpoint,
                    const PortsOf& ports_of = {});

  // May a packet of this protocol and port pass under the reference?
  bool allows(const image::Ref& ref, net::Protocol protocol, net::Port port) const;
  // Names the first id that two different contents have; empty while no id has two.
  const std::string& collision() const { return collision_; }

 private:
  void use(image::PortsetId id, const image::Portset& ports);
  void release(image::PortsetId id);

  Table<decltype(image::Image::rules)> rules_;
  Table<decltype(image::Image::portsets)> portsets_;
  Table<decltype(image::Image::endpoints)> endpoints_;
  std::vector<std::pair<image::RuleKey, std::optional<image::Ref>>> unwritten_rules_;
  std::unordered_map<image::PortsetId, size_t> portset_uses_;
  std::string collision_;
};

}  // namespace sluice::compile
