// KernelMaps::read(): the maps as image::Contents.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>

#include "agent/kernel/entries.h"
#include "agent/kernel/look.h"
#include "agent/kernel/maps.h"

namespace sluice::kernel {
namespace {

using base::Result;
using base::Status;

template <typename Value>
bool is_zero(const Value& value) {
  static constexpr Value kZero{};
  return std::memcmp(&value, &kZero, sizeof value) == 0;
}

template <typename Value>
std::vector<Value> copy_of(const MappedArray<Value>& array) {
  const Value* last = array.end();
  while (last != array.begin() && is_zero(*(last - 1))) --last;
  return {array.begin(), last};
}

template <typename Key, typename Value>
Status read_table(const Programs& programs, sluice_map map, image::Table<Key, Value>& table) {
  auto entries = get_entries(programs.map(map));
  if (!entries) return entries.error();
  table.resize(entries->count);
  for (size_t i = 0; i < table.size(); ++i) {
    std::memcpy(&table[i].first, &entries->keys[i * sizeof(Key)], sizeof(Key));
    std::memcpy(&table[i].second, &entries->values[i * sizeof(Value)], sizeof(Value));
  }
  std::sort(table.begin(), table.end(),
            [](const auto& a, const auto& b) { return std::memcmp(&a.first, &b.first, sizeof(Key)) < 0; });
  return base::done();
}

Status read_tables(const Programs& programs, image::Contents& contents) {
  const Status statuses[] = {
      read_table(programs, SLUICE_MAP_SOURCES, contents.sources),
      read_table(programs, SLUICE_MAP_NAMES, contents.names),
      read_table(programs, SLUICE_MAP_INTERFACES_MORE, contents.interfaces),
  };
  for (const auto& status : statuses) {
    if (!status) return status;
  }
  return base::done();
}

// Adds the direct slots to those of interfaces_more; where an interface is in both, programs see the direct
// slot.
void add_direct_slots(const MappedArray<uint64_t>& words, image::Table<uint32_t, uint32_t>& interfaces) {
  image::Table<uint32_t, uint32_t> direct;
  for (const uint64_t word : words) {
    const auto slot = std::bit_cast<sluice_interface>(word);
    if (slot.ifindex != 0) direct.emplace_back(slot.ifindex, slot.endpoint);
  }
  interfaces.insert(interfaces.begin(), direct.begin(), direct.end());
  const auto by_ifindex = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(interfaces.begin(), interfaces.end(), by_ifindex);
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  interfaces.erase(std::unique(interfaces.begin(), interfaces.end(), same), interfaces.end());
}

// What changes with every change that is put in force, and with every table that grows.
struct Mark {
  explicit Mark(const sluice_config& config) : epoch(load(config.epoch)) {
    for (size_t i = 0; i < tables.size(); ++i) tables[i] = load(config.table[i]);
  }
  bool operator==(const Mark&) const = default;

  uint64_t epoch;
  std::array<uint64_t, SLUICE_TABLE_COUNT> tables{};

 private:
  static uint64_t load(const __u64& word) {
    return std::atomic_ref(const_cast<__u64&>(word)).load(std::memory_order_acquire);
  }
};

}  // namespace

Result<image::Contents> KernelMaps::read() const {
  image::Contents contents;
  contents.config = config();
  if (Status tables = read_tables(*programs_, contents); !tables) return tables.error();
  tables_->read(contents);
  add_direct_slots(arrays_.interfaces, contents.interfaces);
  contents.endpoints = copy_of(arrays_.endpoints);
  contents.portsets = copy_of(arrays_.portsets);
  contents.port_tables = copy_of(arrays_.port_tables);
  contents.port_pages = copy_of(arrays_.port_pages);
  return contents;
}

base::Result<Programs> look_at(const std::filesystem::path& pin_dir) {
  LoadOptions options;
  options.pin_dir = pin_dir;
  options.look_only = true;
  return load(options);
}

base::Result<image::Contents> read_pinned(const Programs& looked_at) {
  const auto config = MappedArray<sluice_config>::open(looked_at.map(SLUICE_MAP_CONFIG));
  if (!config) return config.error();
  return look(
      looked_at.pin_dir()->string(), [&config] { return Mark((*config)[0]); },
      [&looked_at]() -> Result<image::Contents> {
        const auto maps = KernelMaps::open(looked_at);
        if (!maps) return maps.error();
        return maps->read();
      });
}

}  // namespace sluice::kernel
