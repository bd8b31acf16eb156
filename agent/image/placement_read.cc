// Reading an Image and its Placement back out of the maps: how a starting agent learns what is in force.
#include "agent/image/encode.h"
#include "agent/image/placement.h"

namespace sluice::image {

using base::done;
using base::Error;
using base::Result;
using base::Status;

class Reader {
 public:
  explicit Reader(const Contents& contents) : in_(contents), epoch_(contents.config.epoch) {}

  Result<Placement::ReadBack> read() {
    place().epoch_ = epoch_;
    place().next_flow_id_ = static_cast<uint32_t>(std::max<uint64_t>(1, in_.config.next_endpoint_id));
    find_endpoints();
    Status status = read_endpoints();
    if (status) status = read_services();
    if (status) status = read_prefixes(SLUICE_MAP_PREFIXES4, in_.prefixes4);
    if (status) status = read_prefixes(SLUICE_MAP_PREFIXES6, in_.prefixes6);
    if (status) status = read_sources();
    if (status) status = read_names();
    if (!status) return status.error();
    read_addresses(SLUICE_MAP_ADDRESSES4, in_.addresses4);
    read_addresses(SLUICE_MAP_ADDRESSES6, in_.addresses6);
    place().reach_.add(image());
    if (status = read_rules(); !status) return status.error();
    return std::move(out_);
  }

 private:
  Placement& place() { return out_.placement; }
  Image& image() { return out_.image; }

  // Calls keep(key, value) for every entry that is there in the epoch in force. Keys that are absent in it
  // are noted for removal, cells of an epoch that never came are noted to be written over.
  template <typename Key, typename Keep>
  Status read_cells(sluice_map map, const Table<Key, sluice_cell>& table, uint64_t absent, Keep keep) {
    return read_cells_but(
        map, table, [absent](const Key&, uint64_t value) { return value == absent; }, keep);
  }
  template <typename Key, typename IsAbsent, typename Keep>
  Status read_cells_but(sluice_map map, const Table<Key, sluice_cell>& table, IsAbsent is_absent, Keep keep) {
    BatchBuilder fix(map);
    for (const auto& [key, cell] : table) {
      uint64_t value = cell_at(cell, epoch_);
      if (is_absent(key, value)) {
        fix.remove(key);
        continue;
      }
      if (cell.since > epoch_) fix.put(key, sluice_cell{0, value, value});
      if (auto status = keep(key, value); !status) return status.within(map_name(map));
    }
    std::move(fix).finish(place().leftovers_.batches, place().leftovers_.batches);
    return done();
  }

  Result<Ref> decode_ref(uint64_t ref) {
    auto self = [&](Ref::Kind kind) -> Result<Ref> {
      uint32_t index = SLUICE_REF_ARGUMENT(ref);
      if (index >= in_.endpoints.size() || in_.endpoints[index].pod == 0)
        return Error("refers to endpoint " + std::to_string(index) + ", which is empty");
      return Ref{kind, {}, {in_.endpoints[index].pod}};
    };
    switch (SLUICE_REF_KIND(ref)) {
      case SLUICE_REF_NONE:
        return Ref::none();
      case SLUICE_REF_ALL:
        return Ref::all();
      case SLUICE_REF_PARTIAL:
        return Ref{Ref::Kind::kPartial, {}, {}};
      case SLUICE_REF_SELF_ELSE_PARTIAL:
        return self(Ref::Kind::kSelfElsePartial);
      case SLUICE_REF_SELF_ELSE_NONE:
        return self(Ref::Kind::kSelfElseNone);
      case SLUICE_REF_NOTHING:
        return Ref::nothing();
      case SLUICE_REF_PORTS:
        break;
      default:
        return Error("unknown reference " + hex(ref));
    }
    uint32_t slot = SLUICE_REF_ARGUMENT(ref);
    auto known = portset_at_.find(slot);
    if (known == portset_at_.end()) {
      auto portset = place().ports_.read(slot, in_);
      if (!portset) return portset.error();
      PortsetId id = portset->id();
      image().portsets[id] = *std::move(portset);
      known = portset_at_.emplace(slot, id).first;
    }
    return Ref::ports(known->second);
  }

  // The policy slot in force; -1 where none is.
  int slot_in_force(const sluice_endpoint& endpoint) const {
    const auto &first = endpoint.policy[0], &second = endpoint.policy[1];
    if (first.since > epoch_) return second.since > epoch_ ? -1 : 1;
    return second.since <= epoch_ && second.since > first.since ? 1 : 0;
  }

  void clear_slot(uint32_t index, int slot, const sluice_endpoint& kept) {
    EndpointWrite write{index, slot, kept};
    write.value.policy[slot] = {};
    write.value.policy[slot].since = SLUICE_NEVER;
    place().leftovers_.endpoints.push_back(write);
  }

  void find_endpoints() {
    for (uint32_t index = 0; index < in_.endpoints.size(); ++index) {
      const sluice_endpoint& entry = in_.endpoints[index];
      if (entry.pod == 0) continue;
      int slot = slot_in_force(entry);
      if (slot < 0) {
        clear_slot(index, 0, {});
        clear_slot(index, 1, {});
        continue;
      }
      uint64_t other = entry.policy[1 - slot].since;
      if (other > epoch_ && other != SLUICE_NEVER) clear_slot(index, 1 - slot, entry);
      place().endpoint_slots_.take_known(index);
      place().endpoints_[{entry.pod}] = {index, entry.id, slot, 0};
    }
  }

  // 0 where no endpoint in force has this sluice_endpoint.id.
  EndpointId endpoint_with(uint32_t flow_id) {
    const uint32_t index = SLUICE_ENDPOINT_INDEX(flow_id);
    if (index >= in_.endpoints.size()) return {};
    const auto found = place().endpoints_.find({in_.endpoints[index].pod});
    return found != place().endpoints_.end() && found->second.flow_id == flow_id ? found->first
                                                                                 : EndpointId{};
  }

  Status decode_sides(const sluice_side (&values)[2], std::array<Side, 2>& sides) {
    for (size_t d = 0; d < sides.size(); ++d) {
      auto ref = decode_ref(values[d].default_ref);
      if (!ref) return ref.error();
      sides[d] = {{values[d].ruleset}, *ref};
    }
    return done();
  }

  Status read_endpoints() {
    std::map<uint32_t, uint32_t> ifindex_of;
    for (const auto& [ifindex, endpoint_id] : in_.interfaces) {
      // A pod that was moving has two: one is its own, the next plan says whether it is the right one.
      if (!endpoint_with(endpoint_id) ||
          !ifindex_of.emplace(SLUICE_ENDPOINT_INDEX(endpoint_id), ifindex).second)
        place().leftovers_.interfaces.push_back({ifindex, -1});
    }
    for (auto& [id, where] : place().endpoints_) {
      const sluice_sides& sides = in_.endpoints[where.index].policy[where.slot];
      Endpoint endpoint;
      if (sides.address4) endpoint.ipv4 = decode(sluice_address4{sides.address4});
      endpoint.has_sources = sides.flags & SLUICE_SIDES_SOURCES;
      endpoint.names = sides.flags & SLUICE_SIDES_NAMES;
      sluice_address6 address6{};
      std::copy_n(sides.address6, 16, address6.address);
      if (net::Ip ip = decode(address6); ip != net::Cidr::everything(net::Family::kIpv6).base())
        endpoint.ipv6 = ip;
      if (auto found = ifindex_of.find(where.index); found != ifindex_of.end()) {
        where.ifindex = endpoint.ifindex = found->second;
        place().interfaces_[found->second] = id;
      }
      Status read = decode_sides(sides.side, endpoint.sides);
      if (read) read = decode_sides(sides.audited, endpoint.audited);
      if (!read) return read.error().within("endpoints: index " + std::to_string(where.index));
      endpoint.sides[SLUICE_EGRESS].whole = sides.flags & SLUICE_SIDES_WHOLE;
      endpoint.audited[SLUICE_EGRESS].whole = sides.flags & SLUICE_SIDES_AUDITED_WHOLE;
      image().endpoints[id] = endpoint;
    }
    return done();
  }

  Status read_rules() {
    const auto is_absent = [&](const sluice_rule& key, uint64_t value) {
      return value == SLUICE_REF(SLUICE_REF_NONE, 0) || !place().reach_.reaches(decode(key));
    };
    return read_cells_but(SLUICE_MAP_RULES, in_.rules, is_absent,
                          [&](const sluice_rule& key, uint64_t value) -> Status {
                            auto ref = decode_ref(value);
                            if (!ref) return ref.error();
                            image().rules[decode(key)] = *ref;
                            return done();
                          });
  }

  // As a prefix, a source is there whatever it says.
  Status read_sources() {
    const auto is_absent = [&](const sluice_source& key, uint64_t) { return !endpoint_with(key.endpoint); };
    return read_cells_but(
        SLUICE_MAP_SOURCES, in_.sources, is_absent, [&](const sluice_source& key, uint64_t value) -> Status {
          auto prefix = decode(key);
          if (!prefix) return prefix.error();
          image().sources[{endpoint_with(key.endpoint), *prefix}] =
              value == SLUICE_SOURCE_ALLOWED ? SLUICE_SOURCE_ALLOWED : SLUICE_SOURCE_FOREIGN;
          return done();
        });
  }

  Status read_services() {
    return read_cells(SLUICE_MAP_SERVICES, in_.services, 0,
                      [&](const sluice_service& key, uint64_t value) -> Status {
                        auto decoded = decode(key);
                        if (!decoded) return decoded.error();
                        image().services[*decoded] = {value};
                        return done();
                      });
  }

  Status read_names() {
    return read_cells(SLUICE_MAP_NAMES, in_.names, 0, [&](NameSlot slot, uint64_t value) -> Status {
      image().names[slot] = {value};
      return done();
    });
  }

  // A prefix is there whatever it says: its value is also right where it is redundant.
  template <typename Key>
  Status read_prefixes(sluice_map map, const Table<Key, sluice_cell>& table) {
    return read_cells(map, table, SLUICE_IDENTITY_NONE, [&](const Key& key, uint64_t value) -> Status {
      auto cidr = decode(key);
      if (!cidr) return cidr.error();
      image().prefixes[*cidr] = {value};
      return done();
    });
  }

  template <typename Key>
  void read_addresses(sluice_map map, const Table<Key, sluice_cell>& table) {
    Status kept = read_cells(map, table, SLUICE_IDENTITY_NONE, [&](const Key& key, uint64_t value) -> Status {
      image().addresses[decode(key)] = decode_address(value);
      return done();
    });
    (void)kept;  // keeping an address cannot fail
  }

  const Contents& in_;
  uint64_t epoch_;
  Placement::ReadBack out_;
  std::map<uint32_t, PortsetId> portset_at_;
};

Result<Placement::ReadBack> Placement::read(const Contents& contents) {
  return Reader(contents).read();
}

}  // namespace sluice::image
