// MappedArray: an MMAPable array map, seen as memory. Reads and stores are the kernel's own cells: whoever
// stores uses atomics (std::atomic_ref) for every word that a program may read meanwhile. Move-only; unmapped
// at the end. The map's fd may be closed before.
#pragma once

#include <linux/bpf.h>
#include <sys/mman.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "agent/base/result.h"
#include "agent/kernel/shape.h"

namespace sluice::kernel {

template <typename Value>
class MappedArray {
  static_assert(sizeof(Value) % 8 == 0, "array maps lay their values out at multiples of 8 bytes");

 public:
  static base::Result<MappedArray> open(const MapHandle& map) {
    return open(map.fd, map.entries, map.shape().name);
  }
  static base::Result<MappedArray> open(int fd, uint32_t entries, const char* name) {
    const size_t bytes = entries * sizeof(Value);
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return base::Error::from_errno(errno, std::string("mmap map ") + name);
    return MappedArray(static_cast<Value*>(memory), entries);
  }

  MappedArray(MappedArray&& other) noexcept
      : values_(std::exchange(other.values_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedArray& operator=(MappedArray&& other) noexcept {
    std::swap(values_, other.values_);
    std::swap(size_, other.size_);
    return *this;
  }
  MappedArray(const MappedArray&) = delete;
  MappedArray& operator=(const MappedArray&) = delete;
  ~MappedArray() {
    if (values_ != nullptr) ::munmap(values_, size_ * sizeof(Value));
  }

  uint32_t size() const { return size_; }
  std::span<Value> all() { return {values_, size_}; }
  Value& operator[](uint32_t index) { return values_[index]; }
  const Value& operator[](uint32_t index) const { return values_[index]; }
  const Value* begin() const { return values_; }
  const Value* end() const { return values_ + size_; }

 private:
  MappedArray(Value* values, uint32_t size) : values_(values), size_(size) {}
  Value* values_;
  uint32_t size_;
};

}  // namespace sluice::kernel
