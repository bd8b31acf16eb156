#include "agent/table/table.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "sluice/hash.h"

namespace sluice::table {
namespace {

constexpr uint32_t kLeastLines = 512;
constexpr uint32_t kWords[SLUICE_TABLE_COUNT] = {
#define SLUICE_WORDS(NAME, name, key, words, entries) words,
    SLUICE_TABLES(SLUICE_WORDS)
#undef SLUICE_WORDS
};
constexpr uint32_t kWays[] = {0, SLUICE_TABLE1_WAYS, SLUICE_TABLE2_WAYS, SLUICE_TABLE3_WAYS};
constexpr uint32_t kFactWords = sizeof(sluice_fact) / 8;
// Where the facts begin in a bucket of keys of two or three words.
constexpr uint32_t kFacts = offsetof(sluice_bucket2, fact) / 8;
static_assert(kFacts == offsetof(sluice_bucket3, fact) / 8);
constexpr uint32_t kPassedShift1 = 4, kMostPassed1 = 0xfff, kPassedShift = 16;

uint64_t load(const __u64& word) {
  return std::atomic_ref(const_cast<__u64&>(word)).load(std::memory_order_relaxed);
}
void store(__u64& word, uint64_t value) {
  std::atomic_ref(word).store(value, std::memory_order_release);
}

}  // namespace

uint32_t Table::least_buckets(sluice_table which) {
  return kWords[which] == 1 ? kLeastLines * 2 : kLeastLines;
}

size_t Table::lines_for(sluice_table which, uint32_t buckets) {
  return kWords[which] == 1 ? buckets / 2 : buckets;
}

uint32_t Table::buckets_in(sluice_table which, size_t lines) {
  return static_cast<uint32_t>(kWords[which] == 1 ? lines * 2 : lines);
}

Table::Table(sluice_table which, std::span<sluice_line> lines, const uint32_t* seed)
    : which_(which), words_(kWords[which]), ways_(kWays[words_]), lines_(lines) {
  std::copy_n(seed, seed_.size(), seed_.begin());
  mask_ = buckets_in(which, lines.size()) - 1;
  for (uint32_t bucket = 0; bucket <= mask_; ++bucket)
    for (uint32_t way = 0; way < ways_; ++way) {
      const auto found = state({bucket, way});
      if (found == SLUICE_WAY_VALID) ++entries_;
      if (found == SLUICE_WAY_TAKEN) removed_.push_back({bucket, way});
    }
}

bool Table::crowds(sluice_table which, uint32_t buckets, size_t entries) {
  return entries * 2 > size_t{buckets} * kWays[kWords[which]];
}

__u64* Table::words_of(uint32_t bucket) const {
  if (words_ == 1) return &lines_[bucket / 2].word[(bucket & 1) * SLUICE_BUCKET1_WORDS];
  return lines_[bucket].word;
}

__u64* Table::key_at(Place place) const {
  if (words_ == 1) return words_of(place.bucket) + place.way * (1 + kFactWords);
  return words_of(place.bucket) + 1 + place.way * words_;
}

__u64* Table::fact_at(Place place) const {
  if (words_ == 1) return key_at(place) + 1;
  return words_of(place.bucket) + kFacts + place.way * kFactWords;
}

// A one-word key bears its own state; the others' stand in the bucket's head.
__u64& Table::state_word(Place place) const {
  return words_ == 1 ? *key_at(place) : *words_of(place.bucket);
}

uint32_t Table::state_shift(Place place) const {
  return words_ == 1 ? 0 : 2 * place.way;
}

uint64_t Table::state(Place place) const {
  return load(state_word(place)) >> state_shift(place) & SLUICE_WAY_VALID;
}

void Table::set_state(Place place, uint64_t state) {
  __u64& word = state_word(place);
  const uint32_t shift = state_shift(place);
  store(word, (load(word) & ~(uint64_t{SLUICE_WAY_VALID} << shift)) | state << shift);
}

uint32_t Table::passed(uint32_t bucket) const {
  const uint64_t head = load(*words_of(bucket));
  return words_ == 1 ? SLUICE_BUCKET1_PASSED(head) : static_cast<uint32_t>(SLUICE_BUCKET_PASSED(head));
}

// A count that has reached its end stays there.
void Table::add_passed(uint32_t bucket, bool more) {
  __u64& head = *words_of(bucket);
  const uint32_t now = passed(bucket);
  if (words_ == 1 && now == kMostPassed1) return;
  if (!more && now == 0) return;
  const uint64_t one = uint64_t{1} << (words_ == 1 ? kPassedShift1 : kPassedShift);
  store(head, more ? load(head) + one : load(head) - one);
}

Key Table::key(Place place) const {
  Key key{};
  for (uint32_t i = 0; i < words_; ++i) key[i] = load(key_at(place)[i]);
  if (words_ == 1) key[0] = SLUICE_BUCKET1_KEY(key[0]);
  return key;
}

sluice_cell Table::cell(Place place) const {
  const __u64* fact = fact_at(place);
  const uint64_t last = load(fact[0]);
  return {last >> 1, load(fact[1 + (~last & 1)]), load(fact[1 + (last & 1)])};
}

bool Table::is(Place place, const Key& wanted) const {
  return state(place) == SLUICE_WAY_VALID && key(place) == wanted;
}

uint64_t Table::hash(const Key& key) const {
  switch (words_) {
    case 1:
      return sluice_table_hash1(seed_.data(), key[0]);
    case 2:
      return sluice_table_hash2(seed_.data(), key[0], key[1]);
    default:
      return sluice_table_hash3(seed_.data(), key[0], key[1], key[2]);
  }
}

void Table::probe(const Key& key, const auto& visit) const {
  const uint64_t spread = hash(key);
  for (uint32_t attempt = 0; attempt < SLUICE_TABLE_PROBES; ++attempt)
    if (!visit(sluice_probe_bucket(spread, mask_, attempt))) return;
}

void Table::prefetch(const Key& key) const {
  const __u64* words = words_of(sluice_probe_bucket(hash(key), mask_, 0));
  __builtin_prefetch(words, 1);
  if (words_ > 1) __builtin_prefetch(words + SLUICE_LINE_WORDS / 2, 1);
}

std::optional<Table::Place> Table::place_of(const Key& key) const {
  std::optional<Place> found;
  probe(key, [&](uint32_t bucket) {
    for (uint32_t way = 0; way < ways_ && !found; ++way)
      if (is({bucket, way}, key)) found = {bucket, way};
    return !found && passed(bucket) != 0;
  });
  return found;
}

std::optional<Table::Place> Table::free_place(const Key& key) const {
  std::optional<Place> found;
  probe(key, [&](uint32_t bucket) {
    for (uint32_t way = 0; way < ways_ && !found; ++way)
      if (state({bucket, way}) == SLUICE_WAY_FREE) found = {bucket, way};
    return !found;
  });
  return found;
}

// Those that the key's probing meets before `bucket`.
void Table::count_passed(const Key& key, uint32_t bucket, bool more) {
  probe(key, [&](uint32_t at) {
    if (at == bucket) return false;
    add_passed(at, more);
    return true;
  });
}

std::optional<sluice_cell> Table::find(const Key& key) const {
  const auto place = place_of(key);
  return place ? std::optional(cell(*place)) : std::nullopt;
}

void Table::write(Place place, const Key& key, const std::array<uint64_t, 3>& fact) {
  set_state(place, SLUICE_WAY_TAKEN);
  for (uint32_t i = 0; i < kFactWords; ++i) store(fact_at(place)[i], fact[i]);
  if (words_ == 1)
    store(*key_at(place), key[0] | (load(*key_at(place)) & ~SLUICE_BUCKET1_KEY(~uint64_t{0})));
  else
    for (uint32_t i = 0; i < words_; ++i) store(key_at(place)[i], key[i]);
  count_passed(key, place.bucket, true);
  unpublished_.push_back(place);
  ++entries_;
}

bool Table::change(const Key& key, const sluice_cell& cell, uint64_t epoch) {
  const auto place = place_of(key);
  if (!place) return false;
  __u64* fact = fact_at(*place);
  const uint32_t seen = sluice_fact_side(load(fact[0]), epoch), other = seen ^ 1;
  // What holds by now stays on its side: a packet may have looked at which that is, and not yet at the value.
  const bool holds = cell.since <= epoch;
  const uint64_t now = holds ? cell.now : cell.before;
  if (load(fact[1 + seen]) != now) store(fact[1 + seen], now);
  store(fact[1 + other], holds ? cell.before : cell.now);
  store(fact[0], cell.since << 1 | (holds ? seen : other));
  return true;
}

bool Table::add(const Key& key, const sluice_cell& cell) {
  const auto place = free_place(key);
  if (place) write(*place, key, {cell.since << 1 | 1, cell.before, cell.now});
  return place.has_value();
}

void Table::publish() {
  for (const Place& place : unpublished_) set_state(place, SLUICE_WAY_VALID);
  unpublished_.clear();
}

void Table::forget_unpublished() {
  for (const Place& place : unpublished_) count_passed(key(place), place.bucket, false);
  entries_ -= unpublished_.size();
  removed_.insert(removed_.end(), unpublished_.begin(), unpublished_.end());
  unpublished_.clear();
}

bool Table::remove(const Key& key) {
  const auto place = place_of(key);
  if (!place) return false;
  set_state(*place, SLUICE_WAY_TAKEN);
  if (words_ == 1) store(*key_at(*place), load(*key_at(*place)) & ~SLUICE_BUCKET1_KEY(~uint64_t{0}));
  count_passed(key, place->bucket, false);
  removed_.push_back(*place);
  --entries_;
  return true;
}

void Table::note_grace() {
  for (const Place& place : removed_) set_state(place, SLUICE_WAY_FREE);
  removed_.clear();
}

bool Table::copy_to(Table& other) const {
  bool fits = true;
  for (uint32_t bucket = 0; bucket <= mask_ && fits; ++bucket)
    for (uint32_t way = 0; way < ways_ && fits; ++way) {
      const Place from{bucket, way};
      if (state(from) != SLUICE_WAY_VALID) continue;
      const __u64* fact = fact_at(from);
      const Key copied = key(from);
      const auto place = other.free_place(copied);
      fits = place.has_value();
      if (fits) other.write(*place, copied, {load(fact[0]), load(fact[1]), load(fact[2])});
    }
  if (fits) other.publish();
  return fits;
}

}  // namespace sluice::table
