#include "bench/packet/reference.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "bench/packet/reference_flow.h"
#include "reference.skel.h"

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr int kPasses = -1;  // TC_ACT_UNSPEC
constexpr uint64_t kShuffleSeed = 21;
constexpr size_t kPacketsASample = 32768;
constexpr size_t kAddressesAt = 26, kKeyBytes = 16;

using Key = std::array<uint8_t, kKeyBytes>;

// Source, destination, ports as they stand in the frame, then the protocol: struct reference_key.
Key key_of(const packet::Bytes& frame) {
  Key key{};
  std::copy_n(frame.begin() + kAddressesAt, 12, key.begin());
  key[12] = net::kTcp.number();
  return key;
}

Key nobody(uint32_t number) {
  Key key{};
  std::memcpy(key.data(), &number, sizeof number);
  return key;
}

Status put(int fd, const std::vector<Key>& keys) {
  const reference_flow flow{};
  for (const Key& key : keys)
    if (bpf_map_update_elem(fd, key.data(), &flow, BPF_ANY) != 0)
      return Error::from_errno(errno, "write a reference table");
  return base::done();
}

}  // namespace

std::string to_text(Floor floor) {
  switch (floor) {
    case Floor::kF0:
      return "F0";
    case Floor::kF1:
      return "F1";
    case Floor::kF2:
      return "F2";
    case Floor::kF3:
      return "F3";
    case Floor::kLpm:
      return "lpm";
  }
  return "";
}

void ReferencePrograms::Close::operator()(sluice_reference* skeleton) const noexcept {
  sluice_reference__destroy(skeleton);
}
ReferencePrograms::ReferencePrograms(ReferencePrograms&&) noexcept = default;
ReferencePrograms& ReferencePrograms::operator=(ReferencePrograms&&) noexcept = default;
ReferencePrograms::~ReferencePrograms() = default;

Result<ReferencePrograms> ReferencePrograms::load(unsigned addresses, unsigned fill, size_t tuples) {
  ReferencePrograms programs;
  programs.fill_ = fill;
  programs.entries_ = std::max<size_t>(REFERENCE_FLOWS_MAX, 2 * tuples);
  programs.skeleton_.reset(sluice_reference__open());
  if (!programs.skeleton_) return Error::from_errno(errno, "open the reference programs");
  const auto& maps = programs.skeleton_->maps;
  for (bpf_map* map : {maps.bench_f1_flows, maps.bench_f2_flows, maps.bench_f3_flows})
    if (const int code = bpf_map__set_max_entries(map, static_cast<uint32_t>(programs.entries_)); code != 0)
      return Error::from_errno(-code, "size the reference tables");
  if (const int code = sluice_reference__load(programs.skeleton_.get()); code != 0)
    return Error::from_errno(-code, "load the reference programs");
  if (auto filled = programs.fill_trie(addresses); !filled) return filled.error();
  if (auto filled = programs.fill_flows(); !filled) return filled.error();
  return programs;
}

Status ReferencePrograms::fill_trie(unsigned addresses) {
  const int fd = bpf_map__fd(skeleton_->maps.bench_trie);
  const sluice_cell cell{};
  for (unsigned i = 0; i < addresses; ++i) {
    sluice_prefix4 prefix{32, 0};
    std::memcpy(&prefix.address, peer_address(i, net::Family::kIpv4).bytes().data(), sizeof prefix.address);
    if (bpf_map_update_elem(fd, &prefix, &cell, BPF_ANY) != 0)
      return Error::from_errno(errno, "write the reference trie");
  }
  return base::done();
}

Status ReferencePrograms::fill_flows() {
  std::vector<Key> keys;
  for (size_t i = 0; i < entries_ * fill_ / 100; ++i) keys.push_back(nobody(filled_++));
  auto full = put(bpf_map__fd(skeleton_->maps.bench_f1_flows), keys);
  if (full) full = put(bpf_map__fd(skeleton_->maps.bench_f2_flows), keys);
  keys.resize(std::min(keys.size(), entries_ / 2));  // a hash evicts none
  return full ? put(bpf_map__fd(skeleton_->maps.bench_f3_flows), keys) : full;
}

int ReferencePrograms::program_fd(Floor floor) const {
  const auto& programs = skeleton_->progs;
  switch (floor) {
    case Floor::kF0:
      return bpf_program__fd(programs.bench_f0);
    case Floor::kF1:
      return bpf_program__fd(programs.bench_f1);
    case Floor::kF2:
      return bpf_program__fd(programs.bench_f2);
    case Floor::kF3:
      return bpf_program__fd(programs.bench_f3);
    case Floor::kLpm:
      return bpf_program__fd(programs.bench_lpm);
  }
  return -1;
}

Status ReferencePrograms::learn(const std::vector<packet::Bytes>& frames) {
  std::vector<Key> keys;
  for (const auto& frame : frames) keys.push_back(key_of(frame));
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(kShuffleSeed));
  auto learnt = put(bpf_map__fd(skeleton_->maps.bench_f1_flows), keys);
  return learnt ? put(bpf_map__fd(skeleton_->maps.bench_f3_flows), keys) : learnt;
}

Status ReferencePrograms::forget_inserted(const std::vector<packet::Bytes>& frames) {
  std::vector<uint8_t> keys;
  for (const auto& frame : frames) {
    const Key key = key_of(frame);
    keys.insert(keys.end(), key.begin(), key.end());
  }
  auto count = static_cast<uint32_t>(frames.size());
  const int fd = bpf_map__fd(skeleton_->maps.bench_f2_flows);
  const int code = bpf_map_delete_batch(fd, keys.data(), &count, nullptr);
  return code == 0 ? base::done() : Status(Error::from_errno(-code, "clear a reference table"));
}

Status ReferencePrograms::refill_inserted(size_t entries) {
  std::vector<Key> keys;
  for (size_t i = 0; i < entries; ++i) keys.push_back(nobody(filled_++));
  return put(bpf_map__fd(skeleton_->maps.bench_f2_flows), keys);
}

Result<FloorContender> FloorContender::make(ReferencePrograms& programs, Floor floor, const Case& c,
                                            const Reports* reports) {
  std::vector<packet::Bytes> frames;
  for (const Tuple& tuple : tuples_of(c)) frames.push_back(packet::build(measured_of(c, tuple)));
  auto driver = Driver::load(programs.program_fd(floor), shape_of(c), frames, reports);
  if (!driver) return driver.error();
  FloorContender contender(programs, floor, std::move(*driver));
  if (floor == Floor::kF0) return contender;
  contender.frames_ = std::move(frames);
  if (auto learnt = programs.learn(contender.frames_); !learnt) return learnt.error();
  if (auto right = contender.expect_hits(); !right) return right.error();
  return contender;
}

Status FloorContender::expect_hits() {
  for (size_t i = 0; i < driver_.tuples(); ++i) {
    auto verdict = driver_.verdict(i);
    if (!verdict) return verdict.error();
    if (*verdict != kPasses) return Error(to_text(floor_) + ": does not find tuple " + std::to_string(i));
  }
  return clean_up();
}

Status FloorContender::clean_up() {
  if (floor_ != Floor::kF2) return base::done();
  if (auto forgotten = programs_->forget_inserted(frames_); !forgotten) return forgotten;
  return programs_->fill() < 100 ? base::done() : programs_->refill_inserted(frames_.size());
}

Result<Nanoseconds> FloorContender::sample() {
  const size_t passes = std::max<size_t>(1, kPacketsASample / driver_.tuples());
  if (floor_ != Floor::kF2) {
    if (auto warmed = driver_.pass(); !warmed) return warmed;
  }
  Nanoseconds total{0};
  for (size_t i = 0; i < passes; ++i) {
    auto time = driver_.pass();
    if (!time) return time;
    total += *time;
    if (auto clean = clean_up(); !clean) return clean.error();
  }
  return total / static_cast<double>(passes * driver_.tuples());
}

Result<double> FloorContender::instructions(const InstructionCounter& counter) {
  auto count = instructions_of_pass(counter, driver_);
  if (auto clean = clean_up(); !clean) return clean.error();
  return count;
}

}  // namespace sluice::bench
