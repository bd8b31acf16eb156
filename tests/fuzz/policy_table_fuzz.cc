// Any bytes as what happens to the policy tables, four bytes a step: entries are prepared, undone, removed, the epoch
// flips, a grace passes, agents come and go, memory runs out, many entries come at once so that tables grow. The
// model (tests/stress/policy_model.h) knows what packets must see.
//
// Laws:
//  1 Packets see of every key what the model says, in each epoch that one may be of.
//  2 A table has as many entries as there are, and grows only by doubling.
//  3 What is refused for want of memory has changed nothing.
//  4 The longest prefix of an address is that of the prefixes that there are.
#include <algorithm>
#include <memory>
#include <span>

#include "tests/fuzz/law.h"
#include "tests/stress/policy_model.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using fuzz::require;

constexpr size_t kStepBytes = 4, kMostSteps = 300;
constexpr uint32_t kNumbers = 4096, kRun = 256;  // keys a table, keys that come at once

enum Step { kPrepare, kPrepareMany, kUndo, kRemove, kFlip, kCleanUp, kRestart, kMemory, kSteps };

std::vector<PolicyKey> universe() {
  std::vector<PolicyKey> keys;
  for (const sluice_map map : kPolicyMaps)
    for (uint32_t i = 0; i < kNumbers; ++i) keys.push_back(numbered_key(map, i));
  return keys;
}

class Run {
 public:
  Run() : model_(keys()) {}

  void step(std::span<const uint8_t, kStepBytes> bytes) {
    const size_t table = bytes[0] / kSteps % SLUICE_TABLE_COUNT;
    const size_t which = table * kNumbers + (bytes[1] << 8 | bytes[2]) % kNumbers;
    const uint64_t value = bytes[3] == 0 ? kAbsent : bytes[3];
    const uint32_t buckets = model_.tables().buckets(kPolicyMaps.at(table));
    switch (static_cast<Step>(bytes[0] % kSteps)) {
      case kPrepare:
        prepare(which, value);
        break;
      case kPrepareMany:
        prepare_many(which, value);
        break;
      case kUndo:
        require(model_.undo(which).ok());
        break;
      case kRemove:
        require(model_.remove(which).ok());
        break;
      case kFlip:
        model_.flip();
        break;
      case kCleanUp:
        require(model_.clean_up().ok());
        break;
      case kRestart:
        model_.restart();
        break;
      case kMemory:
        model_.arrays.out_of_memory = bytes[3] & 1;
        break;
      case kSteps:
        break;
    }
    require(model_.is_seen_truly(which) && model_.is_counted_truly());
    require_longest(which);
    const uint32_t grown = model_.tables().buckets(kPolicyMaps.at(table));
    require(grown >= buckets && (grown & (grown - 1)) == 0);
  }
  void finish() {
    require(!model_.first_wrong());
    require(model_.clean_up().ok() && !model_.first_wrong() && model_.is_counted_truly());
  }

 private:
  static const std::vector<PolicyKey>& keys() {
    static const auto all = universe();
    return all;
  }
  void prepare(size_t which, uint64_t value) {
    const bool was_there = model_.there(which);
    const base::Status prepared = model_.prepare(which, value);
    require(prepared.ok() || (model_.arrays.out_of_memory && !was_there));
  }
  // A run of them that ends with the table's keys; each its own value.
  void prepare_many(size_t first, uint64_t value) {
    const size_t end = std::min(first + kRun, (first / kNumbers + 1) * kNumbers);
    for (size_t i = first; i < end; ++i) prepare(i, value == kAbsent ? kAbsent : value << 32 | i);
    for (size_t i = first; i < end; ++i) require(model_.is_seen_truly(i));
  }
  // Of the address that all prefixes of the key's group hold.
  void require_longest(size_t which) {
    const uint32_t group = static_cast<uint32_t>(which % kNumbers) / kGroup;
    const auto address = address_in_group(group);
    const auto deepest = [&](sluice_table table) {
      for (size_t i = kGroup; i-- > 0;) {
        const uint64_t now = model_.now(table * size_t{kNumbers} + group * kGroup + i);
        if (now != kAbsent) return now;
      }
      return kAbsent;
    };
    require(model_.reader.longest4(address, model_.epoch()) == deepest(SLUICE_TABLE_PREFIXES4));
    require(model_.reader.longest6(address, model_.epoch()) == deepest(SLUICE_TABLE_PREFIXES6));
  }

  PolicyModel model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto run = std::make_unique<Run>();
  for (size_t at = 0; at + kStepBytes <= std::min(size, kMostSteps * kStepBytes); at += kStepBytes)
    run->step(std::span<const uint8_t, kStepBytes>(data + at, kStepBytes));
  run->finish();
  return 0;
}
