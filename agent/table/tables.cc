#include "agent/table/tables.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <type_traits>

#include "agent/image/encode.h"
#include "agent/table/spell.h"

namespace sluice::table {

using base::done;
using base::Error;
using base::Result;
using base::Status;

namespace {

template <typename T>
constexpr bool kIsPrefix = std::is_same_v<T, sluice_prefix4> || std::is_same_v<T, sluice_prefix6>;

sluice_table table_of(sluice_map map) {
  return static_cast<sluice_table>(map - SLUICE_FIRST_TABLE);
}

// Calls act.operator()<the contract's type of the table's keys>().
auto with_key_type(sluice_map map, const auto& act) {
  switch (table_of(map)) {
#define SLUICE_CASE(NAME, name, key, words, entries) \
  case SLUICE_TABLE_##NAME:                          \
    return act.template operator()<key>();
    SLUICE_TABLES(SLUICE_CASE)
#undef SLUICE_CASE
    case SLUICE_TABLE_COUNT:
      break;
  }
  return act.template operator()<sluice_rule>();
}

template <typename T>
T at(const std::vector<uint8_t>& bytes, size_t index) {
  T value;
  std::memcpy(&value, &bytes[index * sizeof value], sizeof value);
  return value;
}

template <typename KeyType>
void copy_of(const Table& from, image::Table<KeyType, sluice_cell>& to) {
  to.clear();
  to.reserve(from.entries());
  from.for_each([&](const Key& words, const sluice_cell& cell) {
    KeyType key{};
    read(words, key);
    to.emplace_back(key, cell);
  });
  std::sort(to.begin(), to.end(),
            [](const auto& a, const auto& b) { return std::memcmp(&a.first, &b.first, sizeof a.first) < 0; });
}

}  // namespace

Tables::Tables(Arrays& arrays, const sluice_config& config, Lengths lengths)
    : arrays_(&arrays), config_(&config), lengths_(std::move(lengths)) {
  for (size_t i = 0; i < limits_.size(); ++i)
    limits_[i] = image::map_sizes(static_cast<sluice_map>(SLUICE_FIRST_TABLE + i)).entries;
}

Result<Tables> Tables::open(Arrays& arrays, const sluice_config& config, Lengths lengths, bool writes) {
  Tables tables(arrays, config, std::move(lengths));
  for (size_t i = 0; i < tables.tables_.size(); ++i) {
    const auto which = static_cast<sluice_table>(i);
    if (arrays.in_force(which).empty()) {
      if (!writes) continue;
      auto made = arrays.make(which, Table::lines_for(which, Table::least_buckets(which)));
      if (!made)
        return made.error().within(
            "map " + std::string(image::map_name(static_cast<sluice_map>(SLUICE_FIRST_TABLE + i))));
      if (Status shown = arrays.show(which); !shown) return shown.error();
    }
    tables.tables_[i] = std::make_unique<Table>(which, arrays.in_force(which), config.flow_seed);
  }
  if (!writes) return tables;
  const auto note = [&]<typename KeyType>(sluice_map map) {
    tables.of(map).for_each([&](const Key& words, const sluice_cell&) {
      KeyType key{};
      table::read(words, key);
      tables.lengths_.add(key);
    });
  };
  note.operator()<sluice_prefix4>(SLUICE_MAP_PREFIXES4);
  note.operator()<sluice_prefix6>(SLUICE_MAP_PREFIXES6);
  return tables;
}

Status Tables::publish(sluice_map map) {
  if (!kOrdered && of(map).has_unpublished())
    if (Status seen = arrays_->wait_until_seen(); !seen) {
      of(map).forget_unpublished();
      return seen;
    }
  of(map).publish();
  return done();
}

// In an array at which `entries` crowd nothing, twice as large at the least; nothing reads it yet.
Result<std::unique_ptr<Table>> Tables::copy_larger(sluice_map map, size_t entries) {
  const sluice_table which = table_of(map);
  uint32_t buckets = of(map).buckets() * 2;
  while (Table::crowds(which, buckets, entries)) buckets *= 2;
  for (;; buckets *= 2) {
    auto lines = arrays_->make(which, Table::lines_for(which, buckets));
    if (!lines) return lines.error();
    auto grown = std::make_unique<Table>(which, *lines, config_->flow_seed);
    if (of(map).copy_to(*grown)) return grown;
  }
}

Status Tables::grow(sluice_map map, size_t entries) {
  Status grown = try_to_grow(map, entries);
  const size_t index = map - SLUICE_FIRST_TABLE;
  why_not_grown_.at(index) = grown ? "" : grown.error().message();
  if (!grown) ++growth_failures_.at(index);
  return grown;
}

Status Tables::try_to_grow(sluice_map map, size_t entries) {
  const sluice_table which = table_of(map);
  if (Status published = publish(map); !published) return published;
  auto grown = copy_larger(map, entries);
  Status status = grown ? done() : Status(grown.error());
  if (status && !kOrdered) status = arrays_->wait_until_seen();
  if (status) status = arrays_->show(which);
  if (!status) {
    arrays_->drop(which);
    return status;
  }
  tables_.at(which) = std::move(*grown);
  return done();
}

// Before the first of `more` entries is added, or fewer, where some are there already.
Status Tables::make_room(sluice_map map, size_t more) {
  const size_t index = map - SLUICE_FIRST_TABLE, entries = of(map).entries();
  const uint32_t limit = limits_.at(index);
  if (entries >= limit)
    return Error::from_errno(ENOSPC, "map " + std::string(image::map_name(map)) + ": full, its limit is " +
                                         std::to_string(limit) + " entries");
  if (!of(map).crowded() || entries < tried_.at(index)) return done();
  // Where it cannot grow, it is filled further, and that is tried again when it is as much fuller.
  if (!grow(map, std::min<size_t>(limit, entries + more)))
    tried_.at(index) = static_cast<uint32_t>(entries + entries / 16 + 1);
  return done();
}

Status Tables::add(sluice_map map, const Key& key, const sluice_cell& cell, size_t more) {
  if (Status room = make_room(map, more); !room) return room;
  while (!of(map).add(key, cell))
    if (Status grown = grow(map, of(map).entries() + 1); !grown)
      return grown.error().within("map " + std::string(image::map_name(map)) + ": grow");
  if (kOrdered) of(map).publish();  // while its line is at hand
  return done();
}

// Memory is waited for once for several keys, not for each.
template <typename KeyType>
void Tables::fetch_ahead(const image::Batch& batch, uint32_t now) const {
  constexpr uint32_t kAhead = 8;
  if (now + kAhead < batch.count) of(batch.map).prefetch(spell(at<KeyType>(batch.keys, now + kAhead)));
}

template <typename KeyType>
Status Tables::put(const image::Batch& batch) {
  Status status = done();
  for (uint32_t i = 0; i < batch.count && status; ++i) {
    fetch_ahead<KeyType>(batch, i);
    const auto key = at<KeyType>(batch.keys, i);
    const auto cell = at<sluice_cell>(batch.values, i);
    const Key words = spell(key);
    if (of(batch.map).change(words, cell, config_->epoch)) continue;
    if constexpr (kIsPrefix<KeyType>) lengths_.add(key);
    status = add(batch.map, words, cell, batch.count - i);
    if constexpr (kIsPrefix<KeyType>)
      if (!status) lengths_.remove(key);
  }
  const Status published = publish(batch.map);
  return status ? published : status;
}

template <typename KeyType>
void Tables::remove(const image::Batch& batch) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    fetch_ahead<KeyType>(batch, i);
    const auto key = at<KeyType>(batch.keys, i);
    const bool removed = of(batch.map).remove(spell(key));
    if constexpr (kIsPrefix<KeyType>)
      if (removed) lengths_.remove(key);
  }
}

Status Tables::write(const image::Batch& batch) {
  return with_key_type(batch.map, [&]<typename KeyType>() -> Status {
    if (!batch.removal) return put<KeyType>(batch);
    remove<KeyType>(batch);
    return done();
  });
}

std::vector<std::string> Tables::problems() const {
  std::vector<std::string> all;
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (why_not_grown_.at(i).empty() || !tables_.at(i) || !tables_.at(i)->crowded()) continue;
    const auto map = static_cast<sluice_map>(SLUICE_FIRST_TABLE + i);
    all.push_back("map " + std::string(image::map_name(map)) + ": could not grow (" + why_not_grown_.at(i) +
                  "); its entries find places for some time yet: raise the agent's memory limit");
  }
  return all;
}

void Tables::note_grace() {
  for (auto& table : tables_)
    if (table) table->note_grace();
}

void Tables::read(image::Contents& contents) const {
  const auto copy_table = [this](sluice_map map, auto& to) {
    if (tables_.at(table_of(map))) copy_of(of(map), to);
  };
  copy_table(SLUICE_MAP_ADDRESSES4, contents.addresses4);
  copy_table(SLUICE_MAP_ADDRESSES6, contents.addresses6);
  copy_table(SLUICE_MAP_PREFIXES4, contents.prefixes4);
  copy_table(SLUICE_MAP_PREFIXES6, contents.prefixes6);
  copy_table(SLUICE_MAP_SERVICES, contents.services);
  copy_table(SLUICE_MAP_RULES, contents.rules);
}

}  // namespace sluice::table
