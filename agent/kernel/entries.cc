#include "agent/kernel/entries.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <string>

namespace sluice::kernel {
namespace {

using base::Error;
using base::Status;

constexpr int kNoSuchOperation = -524;  // ENOTSUPP, the kernel's own: this type of map has no batch calls
constexpr uint32_t kReadAtOnce = 4096;

const bpf_map_batch_opts kPlain = [] {
  bpf_map_batch_opts options{};
  options.sz = sizeof options;
  return options;
}();

Error write_error(const MapHandle& map, int code) {
  const std::string name = std::string("map ") + map.shape().name;
  const std::string limit = std::to_string(map.entries) + " entries";
  // A full hash says E2BIG, a full trie ENOSPC.
  if (code == -E2BIG || code == -ENOSPC)
    return Error::from_errno(ENOSPC, name + ": full, its limit is " + limit);
  return Error::from_errno(-code, name + " (limit " + limit + "): write");
}

Error read_error(const MapHandle& map, int code) {
  return Error::from_errno(-code, std::string("map ") + map.shape().name + ": read");
}

Status put_one_by_one(const MapHandle& map, std::span<const uint8_t> keys, std::span<const uint8_t> values) {
  const auto& shape = map.shape();
  for (size_t i = 0; i * shape.key_size < keys.size(); ++i) {
    const int code =
        bpf_map_update_elem(map.fd, &keys[i * shape.key_size], &values[i * shape.value_size], BPF_ANY);
    if (code != 0) return write_error(map, code);
  }
  return base::done();
}

Status drop_one_by_one(const MapHandle& map, std::span<const uint8_t> keys) {
  const auto& shape = map.shape();
  for (size_t at = 0; at < keys.size(); at += shape.key_size) {
    const int code = bpf_map_delete_elem(map.fd, &keys[at]);
    if (code != 0 && code != -ENOENT) return write_error(map, code);
  }
  return base::done();
}

base::Result<Entries> get_one_by_one(const MapHandle& map) {
  const auto& shape = map.shape();
  Entries entries;
  std::vector<uint8_t> key(shape.key_size), value(shape.value_size), next(shape.key_size);
  int code = bpf_map_get_next_key(map.fd, nullptr, next.data());
  for (; code == 0; code = bpf_map_get_next_key(map.fd, key.data(), next.data())) {
    key = next;
    if (const int found = bpf_map_lookup_elem(map.fd, key.data(), value.data()); found != 0) {
      return read_error(map, found);
    }
    entries.keys.insert(entries.keys.end(), key.begin(), key.end());
    entries.values.insert(entries.values.end(), value.begin(), value.end());
    ++entries.count;
  }
  if (code != -ENOENT) return read_error(map, code);
  return entries;
}

// Makes room for `more` entries after those that are there.
void grow(Entries& entries, const MapShape& shape, uint32_t more) {
  entries.keys.resize((entries.count + size_t{more}) * shape.key_size);
  entries.values.resize((entries.count + size_t{more}) * shape.value_size);
}

}  // namespace

Status put_entries(const MapHandle& map, std::span<const uint8_t> keys, std::span<const uint8_t> values) {
  if (keys.empty()) return base::done();
  auto count = static_cast<uint32_t>(keys.size() / map.shape().key_size);
  const int code = bpf_map_update_batch(map.fd, keys.data(), values.data(), &count, &kPlain);
  if (code == 0) return base::done();
  if (code == kNoSuchOperation) return put_one_by_one(map, keys, values);
  return write_error(map, code);
}

Status drop_entries(const MapHandle& map, std::span<const uint8_t> keys) {
  const size_t key_size = map.shape().key_size;
  while (!keys.empty()) {
    auto count = static_cast<uint32_t>(keys.size() / key_size);
    const int code = bpf_map_delete_batch(map.fd, keys.data(), &count, &kPlain);
    if (code == 0) return base::done();
    if (code == kNoSuchOperation) return drop_one_by_one(map, keys);
    if (code != -ENOENT) return write_error(map, code);
    // `count` were removed; the one after them was not there.
    keys = keys.subspan(std::min(keys.size(), (count + size_t{1}) * key_size));
  }
  return base::done();
}

base::Result<Entries> get_entries(const MapHandle& map) {
  const auto& shape = map.shape();
  Entries entries;
  std::vector<uint8_t> position(std::max<size_t>(shape.key_size, 8));
  uint32_t at_once = std::min(kReadAtOnce, map.entries);
  for (bool first = true;;) {
    grow(entries, shape, at_once);
    uint32_t count = at_once;
    const int code =
        bpf_map_lookup_batch(map.fd, first ? nullptr : position.data(), position.data(),
                             &entries.keys[size_t{entries.count} * shape.key_size],
                             &entries.values[size_t{entries.count} * shape.value_size], &count, &kPlain);
    if (code == kNoSuchOperation) return get_one_by_one(map);
    if (code == -ENOSPC && at_once < map.entries) {  // the next bucket alone holds more
      at_once = std::min(at_once * 2, map.entries);
      continue;
    }
    if (code != 0 && code != -ENOENT) return read_error(map, code);
    entries.count += count;
    first = false;
    if (code == -ENOENT) break;
  }
  grow(entries, shape, 0);
  return entries;
}

}  // namespace sluice::kernel
