// Maps of an object and their pins; how large a map is.
#pragma once

#include <bpf/libbpf.h>

#include <filesystem>
#include <optional>

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::kernel {

// Before load: takes the map pinned at `path`, if there is one, instead of a new one. Its type, key, value,
// entries and flags must be those of `map`.
base::Status reuse_pinned(bpf_map* map, const std::filesystem::path& path);

// How many entries the map pinned at `path` has; 0: none is.
base::Result<uint32_t> pinned_entries(const std::filesystem::path& path);
// Of a map at hand.
base::Result<uint32_t> entries_of(int map_fd);

// Bytes of memory that the kernel counts for a map at hand (proc(5): fdinfo, memlock); none where it does not say.
std::optional<uint64_t> memory_of(int map_fd);

// After load: pins what was not yet.
base::Status pin_new(const bpf_map* map, const std::filesystem::path& path);

base::Result<base::Fd> open_pinned(const std::filesystem::path& path);

// Pins the map anew where something else, or nothing, is pinned at `path`: then true.
base::Result<bool> keep_pin(int map_fd, const std::filesystem::path& path);

// Pins a map in the place of another, in one step.
base::Status replace_pin(int map_fd, const std::filesystem::path& path);

// Pins a program, replacing what is there.
base::Status pin_program(int program_fd, const std::filesystem::path& path);

}  // namespace sluice::kernel
