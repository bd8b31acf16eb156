#include "agent/image/placement.h"

#include <algorithm>

#include "agent/image/encode.h"

namespace sluice::image {

using base::done;
using base::Error;
using base::Result;
using base::Status;

// Builds one Plan. A class of its own so that what a plan needs only while it is built does not live in
// Placement.
class Planner {
 public:
  Planner(Placement& placement, const Image& after, const Difference& difference)
      : place_(placement), after_(after), difference_(difference) {}

  Result<Plan> build() {
    plan_.epoch = place_.epoch_ + 1;
    clear_leftovers();
    place_.reach_.update(difference_);
    if (auto status = take_slots(); !status) return status.error();
    if (auto status = put_cells(); !status) return status.error();
    if (auto status = put_endpoints(); !status) return status.error();
    free_slots();
    plan_.flags_after = prefix_flags(after_.prefixes);
    plan_.flags_during = plan_.flags_after | prefix_flags(difference_.prefixes);
    plan_.next_endpoint_id = place_.next_flow_id_;
    place_.epoch_ = plan_.epoch;
    return std::move(plan_);
  }

 private:
  template <typename ByCidr>
  static uint64_t prefix_flags(const ByCidr& prefixes) {
    uint64_t flags = 0;
    if (!prefixes.empty() && prefixes.begin()->first.family() == net::Family::kIpv4)
      flags |= SLUICE_CONFIG_PREFIXES4;
    if (!prefixes.empty() && prefixes.rbegin()->first.family() == net::Family::kIpv6)
      flags |= SLUICE_CONFIG_PREFIXES6;
    return flags;
  }

  void clear_leftovers() {
    plan_.prepare = std::move(place_.leftovers_.batches);
    plan_.endpoints = std::move(place_.leftovers_.endpoints);
    plan_.interfaces = std::move(place_.leftovers_.interfaces);
    place_.leftovers_ = {};
  }

  Status take_slots() {
    for (const auto& [id, change] : difference_.portsets)
      if (change.after)
        if (auto status = place_.ports_.add(id, *change.after, plan_); !status) return status;
    for (const auto& [id, change] : difference_.endpoints) {
      if (change.before) continue;
      auto index = place_.endpoint_slots_.take();
      if (!index) return index.error();
      place_.endpoints_[id] = {*index, SLUICE_ENDPOINT_ID(place_.next_flow_id_++, *index), 1, 0};
    }
    return done();
  }

  void free_slots() {
    for (const auto& [id, change] : difference_.portsets)
      if (!change.after) place_.ports_.remove(id, plan_);
    for (const auto& [id, change] : difference_.endpoints) {
      if (change.after) continue;
      plan_.freed_endpoints.push_back(place_.endpoints_.at(id).index);
      place_.endpoints_.erase(id);
    }
  }

  Result<uint64_t> encode_ref(const Ref& ref) const {
    auto self = [&](sluice_ref_kind kind) -> Result<uint64_t> {
      auto place = place_.endpoints_.find(ref.endpoint);
      if (place == place_.endpoints_.end())
        return Error("image: endpoint " + ref.endpoint.to_text() + " is referred to but not in the image");
      return uint64_t{SLUICE_REF(kind, place->second.index)};
    };
    switch (ref.kind) {
      case Ref::Kind::kNone:
        return uint64_t{SLUICE_REF(SLUICE_REF_NONE, 0)};
      case Ref::Kind::kAll:
        return uint64_t{SLUICE_REF(SLUICE_REF_ALL, 0)};
      case Ref::Kind::kPartial:
        return uint64_t{SLUICE_REF(SLUICE_REF_PARTIAL, 0)};
      case Ref::Kind::kSelfElsePartial:
        return self(SLUICE_REF_SELF_ELSE_PARTIAL);
      case Ref::Kind::kSelfElseNone:
        return self(SLUICE_REF_SELF_ELSE_NONE);
      case Ref::Kind::kNothing:
        return uint64_t{SLUICE_REF(SLUICE_REF_NOTHING, 0)};
      case Ref::Kind::kPorts:
        break;
    }
    auto slot = place_.ports_.slot(ref.portset);
    if (!slot) return slot.error();
    return uint64_t{SLUICE_REF(SLUICE_REF_PORTS, *slot)};
  }

  // What is removed and asked for by no packet of the new state need not say so in a cell.
  bool goes_unseen(const RuleKey& key, const Changed<Ref>& change) const {
    return !change.after && !place_.reach_.reaches(key);
  }
  static bool goes_unseen(const auto&, const auto&) { return false; }

  // One table of cells, of `at_most` changes. encode_value(key, value, in_after) is what a packet must see
  // there before or after.
  template <typename Changes, typename EncodeKey, typename EncodeValue>
  Status put_table(sluice_map map, const Changes& changes, size_t at_most, EncodeKey encode_key,
                   EncodeValue encode_value) {
    BatchBuilder put(map), undo(map), cleanup(map);
    put.reserve(at_most, 0);
    undo.reserve(0, at_most);
    for (const auto& [key, change] : changes) {
      if (goes_unseen(key, change)) {
        cleanup.remove(encode_key(key));
        continue;
      }
      Result<uint64_t> before = encode_value(key, change.before, false),
                       now = encode_value(key, change.after, true);
      if (!before) return before.error();
      if (!now) return now.error();
      auto encoded = encode_key(key);
      put.put(encoded, sluice_cell{plan_.epoch, *before, *now});
      if (change.before)
        undo.put(encoded, sluice_cell{0, *before, *before});
      else
        undo.remove(encoded);
      if (!change.after) cleanup.remove(encoded);
    }
    std::move(put).finish(plan_.prepare, plan_.prepare);
    std::move(undo).finish(plan_.undo, plan_.undo);
    std::move(cleanup).finish(plan_.cleanup, plan_.cleanup);
    return done();
  }

  template <typename Iterator>
  struct Part {
    Iterator first, last;
    Iterator begin() const { return first; }
    Iterator end() const { return last; }
  };
  // The changes of one family: IPv4 comes first in the order of keys.
  template <typename Change, typename Key = typename Change::key_type>
  static Part<typename Change::const_iterator> of_family(const Change& changes, net::Family family,
                                                         const Key& first_ipv6) {
    const auto middle = changes.lower_bound(first_ipv6);
    if (family == net::Family::kIpv4) return {changes.begin(), middle};
    return {middle, changes.end()};
  }

  static const net::Cidr& prefix_of(const net::Cidr& key) { return key; }
  static const net::Cidr& prefix_of(const SourceKey& key) { return key.prefix; }
  static net::Cidr with_prefix(const net::Cidr&, const net::Cidr& prefix) { return prefix; }
  static SourceKey with_prefix(const SourceKey& key, const net::Cidr& prefix) {
    return {key.endpoint, prefix};
  }
  static uint64_t word_of(const IdentityId& value) { return value.value; }
  static uint64_t word_of(sluice_source_value value) { return value; }

  // What longest-prefix match gives a key of a trie, itself there or not, in the image before or after.
  template <typename Key, typename Value>
  static uint64_t match(const Key& key, const TableChange<Key, Value>& changes,
                        const Sorted<Key, Value>& after, bool in_after) {
    for (int length = prefix_of(key).length(); length >= 0; --length) {
      const Key shorter = with_prefix(key, *net::Cidr::of(prefix_of(key).base(), length));
      if (auto change = changes.find(shorter); change != changes.end()) {
        const auto& value = in_after ? change->second.after : change->second.before;
        if (value) return word_of(*value);
      } else if (auto same = after.find(shorter); same != after.end()) {
        return word_of(same->second);
      }
    }
    return 0;
  }

  Status put_cells() {
    auto identity = [](const auto&, const auto& value, bool) -> Result<uint64_t> {
      return value ? value->value : uint64_t{0};
    };
    auto slot = [](NameSlot name) { return name; };
    auto ref = [&](const auto&, const std::optional<Ref>& value, bool) -> Result<uint64_t> {
      return encode_ref(value.value_or(Ref::none()));
    };
    auto address = [](const auto&, const std::optional<Address>& value, bool) -> Result<uint64_t> {
      return value ? encode(*value) : uint64_t{SLUICE_IDENTITY_NONE};
    };
    auto prefix = [&](const net::Cidr& key, const auto&, bool in_after) -> Result<uint64_t> {
      return match(key, difference_.prefixes, after_.prefixes, in_after);
    };
    auto source = [&](const SourceKey& key, const auto&, bool in_after) -> Result<uint64_t> {
      return match(key, difference_.sources, after_.sources, in_after);
    };
    auto key = [](const auto& k) { return encode(k); };
    auto source_key = [&](const SourceKey& k) {
      return encode(k.prefix, place_.endpoints_.at(k.endpoint).flow_id);
    };
    auto key4 = [](const auto& k) { return encode4(k); };
    auto key6 = [](const auto& k) { return encode6(k); };
    const auto& a = difference_.addresses;
    const auto& p = difference_.prefixes;
    const net::Family v4 = net::Family::kIpv4, v6 = net::Family::kIpv6;
    const net::Cidr all6 = net::Cidr::everything(v6);
    const net::Ip zero6 = all6.base();
    Status status = put_table(SLUICE_MAP_RULES, difference_.rules, difference_.rules.size(), key, ref);
    if (status)
      status =
          put_table(SLUICE_MAP_SERVICES, difference_.services, difference_.services.size(), key, identity);
    if (status)
      status =
          put_table(SLUICE_MAP_SOURCES, difference_.sources, difference_.sources.size(), source_key, source);
    if (status)
      status = put_table(SLUICE_MAP_NAMES, difference_.names, difference_.names.size(), slot, identity);
    if (status) status = put_table(SLUICE_MAP_PREFIXES4, of_family(p, v4, all6), p.size(), key4, prefix);
    if (status) status = put_table(SLUICE_MAP_PREFIXES6, of_family(p, v6, all6), p.size(), key6, prefix);
    if (status) status = put_table(SLUICE_MAP_ADDRESSES4, of_family(a, v4, zero6), a.size(), key4, address);
    if (status) status = put_table(SLUICE_MAP_ADDRESSES6, of_family(a, v6, zero6), a.size(), key6, address);
    return status;
  }

  Status encode_sides(const std::array<Side, 2>& sides, sluice_side (&values)[2]) const {
    for (size_t d = 0; d < sides.size(); ++d) {
      auto ref = encode_ref(sides[d].default_ref);
      if (!ref) return ref.error();
      values[d] = {sides[d].ruleset.value, *ref};
    }
    return done();
  }

  // The entry of sluice_endpoints with its sides in policy slot `slot`, in force from the new epoch.
  Result<EndpointWrite> endpoint_write(EndpointId id, const Endpoint& endpoint, int slot) const {
    const auto& place = place_.endpoints_.at(id);
    EndpointWrite write{place.index, slot, {}};
    write.value.id = place.flow_id;
    write.value.pod = id.value;
    sluice_sides& sides = write.value.policy[slot];
    if (endpoint.ipv4) sides.address4 = encode4(*endpoint.ipv4).address;
    if (endpoint.ipv6) std::copy_n(endpoint.ipv6->bytes().begin(), 16, sides.address6);
    if (endpoint.has_sources) sides.flags |= SLUICE_SIDES_SOURCES;
    if (endpoint.sides[SLUICE_EGRESS].whole) sides.flags |= SLUICE_SIDES_WHOLE;
    if (endpoint.audited[SLUICE_EGRESS].whole) sides.flags |= SLUICE_SIDES_AUDITED_WHOLE;
    if (endpoint.names) sides.flags |= SLUICE_SIDES_NAMES;
    sides.since = plan_.epoch;
    Status status = encode_sides(endpoint.sides, sides.side);
    if (status) status = encode_sides(endpoint.audited, sides.audited);
    if (!status) return status.error();
    return write;
  }

  static EndpointWrite cleared(uint32_t index, int slot) {
    EndpointWrite write{index, slot, {}};
    write.value.policy[slot].since = SLUICE_NEVER;
    return write;
  }

  Status put_endpoints() {
    for (const auto& [id, change] : difference_.endpoints) {
      auto& place = place_.endpoints_.at(id);
      if (!change.after) {
        plan_.endpoints_after.push_back(cleared(place.index, 0));
        plan_.endpoints_after.push_back(cleared(place.index, 1));
        leave_interface(id, place.ifindex);
        continue;
      }
      if (!change.before) {  // neither slot may hold anything of the pod that stood here before
        plan_.endpoints.push_back(cleared(place.index, 0));
        plan_.endpoints.push_back(cleared(place.index, 1));
      }
      place.slot = 1 - place.slot;
      auto write = endpoint_write(id, *change.after, place.slot);
      if (!write) return write.error();
      plan_.endpoints.push_back(*write);
      if (change.after->ifindex != place.ifindex) {
        leave_interface(id, place.ifindex);
        enter_interface(id, change.after->ifindex);
      }
    }
    clear_left();
    return done();
  }

  void enter_interface(EndpointId id, uint32_t ifindex) {
    auto& place = place_.endpoints_.at(id);
    place.ifindex = ifindex;
    if (ifindex == 0) return;
    place_.interfaces_[ifindex] = id;
    plan_.interfaces.push_back({ifindex, place.flow_id});
  }

  void leave_interface(EndpointId id, uint32_t ifindex) {
    auto owner = place_.interfaces_.find(ifindex);
    if (ifindex == 0 || owner == place_.interfaces_.end() || owner->second != id) return;
    place_.interfaces_.erase(owner);
    left_.push_back(ifindex);
  }

  // Interfaces that no endpoint of the new state has.
  void clear_left() {
    for (uint32_t ifindex : left_) {
      if (place_.interfaces_.contains(ifindex)) continue;
      plan_.interfaces_after.push_back({ifindex, -1});
    }
  }

  Placement& place_;
  const Image& after_;
  const Difference& difference_;
  std::vector<uint32_t> left_;
  Plan plan_;
};

Result<Plan> Placement::plan(const Image& after, const Difference& difference) {
  return Planner(*this, after, difference).build();
}

Batch Placement::put_at_once(const Difference& names) {
  BatchBuilder put(SLUICE_MAP_NAMES);
  for (const auto& [slot, change] : names.names)
    if (change.after) put.put(slot, sluice_cell{0, change.after->value, change.after->value});
  std::vector<Batch> batches;
  std::move(put).finish(batches, batches);
  reach_.update(names);
  return batches.empty() ? Batch{SLUICE_MAP_NAMES, false, 0, {}, {}} : std::move(batches.front());
}

void Placement::release_freed(const Plan& plan) {
  ports_.release_freed(plan);
  for (uint32_t index : plan.freed_endpoints) endpoint_slots_.give_back(index);
}

std::optional<uint32_t> Placement::id_of(EndpointId id) const {
  auto place = endpoints_.find(id);
  if (place == endpoints_.end()) return std::nullopt;
  return place->second.flow_id;
}

std::map<sluice_map, Placement::Fill> Placement::fill(const Image& image) const {
  std::map<sluice_map, Fill> fill;
  auto add = [&](sluice_map map, uint64_t used) { fill[map] = {used, map_sizes(map).entries}; };
  auto of = [](const auto& table, net::Family family) {
    return static_cast<uint64_t>(std::count_if(
        table.begin(), table.end(), [&](const auto& entry) { return entry.first.family() == family; }));
  };
  add(SLUICE_MAP_ENDPOINTS, endpoints_.size());
  add(SLUICE_MAP_ADDRESSES4, of(image.addresses, net::Family::kIpv4));
  add(SLUICE_MAP_ADDRESSES6, of(image.addresses, net::Family::kIpv6));
  add(SLUICE_MAP_PREFIXES4, of(image.prefixes, net::Family::kIpv4));
  add(SLUICE_MAP_PREFIXES6, of(image.prefixes, net::Family::kIpv6));
  add(SLUICE_MAP_SOURCES, image.sources.size());
  add(SLUICE_MAP_SERVICES, image.services.size());
  add(SLUICE_MAP_NAMES, image.names.size());
  add(SLUICE_MAP_RULES, image.rules.size());
  add(SLUICE_MAP_PORTSETS, ports_.portsets_used());
  add(SLUICE_MAP_PORT_TABLES, ports_.tables_used());
  add(SLUICE_MAP_PORT_PAGES, ports_.pages_used());
  return fill;
}

}  // namespace sluice::image
