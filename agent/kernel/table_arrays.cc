#include "agent/kernel/table_arrays.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "agent/kernel/look.h"
#include "agent/kernel/pins.h"

namespace sluice::kernel {
namespace {

using base::done;
using base::Error;
using base::Result;
using base::Status;

constexpr const char* kNames[SLUICE_TABLE_COUNT] = {
#define SLUICE_NAME(NAME, name, key, words, entries) #name,
    SLUICE_TABLES(SLUICE_NAME)
#undef SLUICE_NAME
};

uint32_t array_of(uint64_t shape) {
  return static_cast<uint32_t>(shape >> 32);
}

// The kernel's name of an array: at most 15 characters.
std::string short_name(sluice_table table) {
  return std::string("sluice_").append(kNames[table]).substr(0, 15);
}

}  // namespace

Result<std::unique_ptr<TableArrays>> TableArrays::open(int outer, MappedArray<sluice_config> config,
                                                       std::optional<std::filesystem::path> maps_dir,
                                                       bool look_only) {
  std::unique_ptr<TableArrays> arrays(new TableArrays(outer, std::move(config), std::move(maps_dir)));
  for (uint32_t i = 0; i < SLUICE_TABLE_COUNT; ++i) {
    const auto table = static_cast<sluice_table>(i);
    if (Status opened = arrays->open_in_force(table); !opened) return opened.error();
    const uint64_t shape = arrays->arrays_.at(table).shape;
    if (!look_only && shape != 0) arrays->displace_left(table);
  }
  return arrays;
}

Status TableArrays::look_again() {
  for (uint32_t i = 0; i < SLUICE_TABLE_COUNT; ++i)
    if (Status opened = open_in_force(static_cast<sluice_table>(i)); !opened) return opened;
  return done();
}

uint64_t TableArrays::shape_in_force(sluice_table table) const {
  // A 64-bit word of the kernel's: whoever writes it stores it at once.
  return std::atomic_ref(const_cast<__u64&>(config_[0].table[table])).load(std::memory_order_acquire);
}

// What an earlier agent left, or, where this only looks, what one at work has by now: that one puts another array
// in force, and removes the pin of the one before, at any time.
Status TableArrays::open_in_force(sluice_table table) {
  const auto mark = [this, table] { return shape_in_force(table); };
  return look(std::string("map ") + kNames[table], mark, [this, table]() -> Status {
    const uint64_t shape = shape_in_force(table);
    if (!maps_dir_ || shape == arrays_.at(table).shape) return done();
    auto opened = open_pinned_array(table, shape);
    if (!opened) return opened.error();
    arrays_.at(table) = std::move(*opened);
    return done();
  });
}

Result<TableArrays::Array> TableArrays::open_pinned_array(sluice_table table, uint64_t shape) const {
  const auto path = pin(table, array_of(shape));
  auto fd = open_pinned(path);
  if (!fd) return fd.error();
  const auto entries = entries_of(fd->get());
  if (!entries) return entries.error().within(path.string());
  if (*entries != table::Table::lines_for(table, SLUICE_TABLE_MASK(shape) + 1))
    return Error("reuse " + path.string() +
                 ": it is not as large as the configuration says; remove it by `sluiced --detach` or choose "
                 "another --bpffs");
  auto lines = MappedArray<sluice_line>::open(fd->get(), *entries, kNames[table]);
  if (!lines) return lines.error();
  return Array{std::move(*fd), std::move(*lines), shape};
}

Result<size_t> TableArrays::keep_pins() const {
  size_t again = 0;
  for (uint32_t i = 0; maps_dir_ && i < SLUICE_TABLE_COUNT; ++i) {
    const auto table = static_cast<sluice_table>(i);
    if (!arrays_.at(table).fd.valid()) continue;
    auto kept = keep_pin(fd(table), pin(table, array_of(shape_in_force(table))));
    if (!kept) return kept.error();
    again += *kept ? 1 : 0;
  }
  return again;
}

std::filesystem::path TableArrays::pin(sluice_table table, uint32_t array) const {
  return *maps_dir_ / (std::string(kNames[table]) + "_" + std::to_string(array));
}

// The kernel returns once every program that reads what stood there before has ended: synchronize_rcu() of
// kernel/bpf/syscall.c, "maybe_wait_bpf_programs".
Status TableArrays::place(sluice_table table, uint32_t array, int fd) const {
  const uint32_t slot = SLUICE_TABLE_SLOT(table, uint64_t{array} << 32);
  if (const int code = bpf_map_update_elem(outer_, &slot, &fd, BPF_ANY); code != 0)
    return Error::from_errno(-code, std::string("map policy_tables: place ") + kNames[table]);
  return done();
}

void TableArrays::displace(sluice_table table, uint32_t array) const {
  const uint32_t slot = SLUICE_TABLE_SLOT(table, uint64_t{array} << 32);
  (void)bpf_map_delete_elem(outer_, &slot);  // ENOENT: nothing stood there
  if (maps_dir_) ::unlink(pin(table, array).c_str());
}

// What an agent left that died while a table grew. A packet under way may have read, before that one's last store,
// that this array is the one in force, and look for it only now: as in show(), a grace period first.
void TableArrays::displace_left(sluice_table table) const {
  const uint64_t shape = arrays_.at(table).shape;
  const uint32_t in_force = array_of(shape), left = 1 - in_force;
  if (maps_dir_ && ::access(pin(table, left).c_str(), F_OK) == 0 && !place(table, in_force, fd(table)))
    return;
  displace(table, left);
}

// The one that is not in force.
uint32_t TableArrays::other_array(sluice_table table) const {
  const uint64_t shape = config_[0].table[table];
  return shape == 0 ? 0 : 1 - array_of(shape);
}

std::span<sluice_line> TableArrays::in_force(sluice_table table) {
  auto& lines = arrays_.at(table).lines;
  return lines ? std::span<sluice_line>(&(*lines)[0], lines->size()) : std::span<sluice_line>();
}

Result<std::span<sluice_line>> TableArrays::make(sluice_table table, size_t lines) {
  drop(table);
  const uint32_t array = other_array(table);
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP;
  base::Fd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, short_name(table).c_str(), sizeof(uint32_t),
                             sizeof(sluice_line), static_cast<uint32_t>(lines), &options));
  if (!fd.valid()) return Error::from_errno(errno, "make an array of " + std::to_string(lines) + " lines");
  auto mapped = MappedArray<sluice_line>::open(fd.get(), static_cast<uint32_t>(lines), kNames[table]);
  if (!mapped) return mapped.error();
  if (maps_dir_) {
    const auto path = pin(table, array);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      return Error::from_errno(errno, "unpin " + path.string());
    if (const int code = bpf_obj_pin(fd.get(), path.c_str()); code != 0)
      return Error::from_errno(-code, "pin " + path.string());
  }
  auto& next = next_.at(table);
  next = {std::move(fd), std::move(*mapped), 0};
  return std::span<sluice_line>(&(*next.lines)[0], next.lines->size());
}

void TableArrays::drop(sluice_table table) {
  if (!next_.at(table).fd.valid()) return;
  next_.at(table) = {};
  if (maps_dir_) ::unlink(pin(table, other_array(table)).c_str());
}

Status TableArrays::show(sluice_table table) {
  auto& next = next_.at(table);
  const uint32_t array = other_array(table);
  const uint32_t buckets = table::Table::buckets_in(table, next.lines->size());
  if (Status placed = place(table, array, next.fd.get()); !placed) return placed;
  const bool first = config_[0].table[table] == 0;
  next.shape = SLUICE_TABLE_SHAPE(array, buckets);
  std::atomic_ref(config_[0].table[table]).store(next.shape, std::memory_order_release);
  // Once more, for its grace period: then nobody asks for the other array any more. Where that cannot be had, the
  // other one stays in its place until the table grows again, or an agent starts.
  if (!first && place(table, array, next.fd.get())) displace(table, 1 - array);
  arrays_.at(table) = std::exchange(next, {});
  return done();
}

// A grace period makes every processor pass a barrier (Linux, Documentation/RCU/Design/Memory-Ordering).
Status TableArrays::wait_until_seen() {
  for (uint32_t i = 0; i < SLUICE_TABLE_COUNT; ++i) {
    const auto table = static_cast<sluice_table>(i);
    if (fd(table) >= 0) return place(table, array_of(config_[0].table[table]), fd(table));
  }
  return done();
}

}  // namespace sluice::kernel
