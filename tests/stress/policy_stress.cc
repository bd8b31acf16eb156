// One writer and several readers in policy tables that grow: agent/table and bpf/table.h as they are, for thread
// sanitizer to look at. The writer changes a part of all keys in each epoch, in the law-of-change order, and begins
// with small tables again every few epochs. A reader reads the epoch once a packet and then looks keys up; what a
// key holds in an epoch is known by key and epoch alone, so that each answer is checked.
// usage: policy_stress [--seconds 10] [--readers N]
//
// It fails where
//  1 a packet sees of a key, or of an address's longest prefix, anything but what its epoch holds;
//  2 a packet asks for a line that there is not;
//  3 the writer is refused something;
//  4 nothing was grown, put, changed, undone, removed, found or missed: then nothing was tried.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/stress/policy_history.h"
#include "tests/stress/policy_reader.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using Random = std::minstd_rand;

constexpr uint32_t kBatch = 4;          // entries
constexpr uint32_t kPacketLookUps = 6;  // and one of each family's prefixes

// What happened. `wrong`, `outside`, `refused`: what must not.
struct Counts {
  std::atomic<uint64_t> grown, put, changed, undone, removed, flips, found, missed, prefixes, wrong, outside,
      refused;
};
Counts g_counts;
void count(std::atomic<uint64_t>& what, uint64_t more = 1) {
  what.fetch_add(more, std::memory_order_relaxed);
}

// ---- the memory of both sides

using Lines = std::vector<sluice_line>;

struct Shared {
  sluice_config config = seeded_config();
  std::vector<sluice_lengths4> lengths4 = std::vector<sluice_lengths4>(SLUICE_LENGTH_SLOTS);
  std::vector<sluice_lengths6> lengths6 = std::vector<sluice_lengths6>(SLUICE_LENGTH_SLOTS);
  std::array<std::atomic<Lines*>, size_t{SLUICE_TABLE_COUNT} * 2> slots{};

  const __u64* line(uint32_t slot, uint32_t index) {
    const Lines* lines = slots.at(slot).load(std::memory_order_acquire);
    if (!lines) return nullptr;
    if (index < lines->size()) return (*lines)[index].word;
    count(g_counts.outside);
    return nullptr;
  }
  // A key that the writer is at: readers ask for it more than for others, or they would hardly ever meet.
  std::atomic<size_t> hot{0};
  uint64_t epoch() { return std::atomic_ref(config.epoch).load(std::memory_order_acquire); }
};

// Who waits until no packet is under way that began before.
class Grace {
 public:
  explicit Grace(size_t readers) : packets_(readers) {}

  void end_packet(size_t reader) { packets_[reader].ended.fetch_add(1, std::memory_order_release); }
  // A read that writes: what was stored before it is seen by every packet that begins after it.
  void wait() {
    for (Packets& reader : packets_) {
      const uint64_t before = reader.ended.fetch_add(0, std::memory_order_seq_cst);
      while (reader.ended.load(std::memory_order_acquire) == before) std::this_thread::yield();
    }
  }
  // No reader is left.
  void end() { packets_.clear(); }

 private:
  struct alignas(64) Packets {
    std::atomic<uint64_t> ended;
  };
  std::vector<Packets> packets_;
};

class SharedArrays final : public table::Arrays {
 public:
  SharedArrays(Shared& shared, Grace& grace) : shared_(shared), grace_(grace) {}
  SharedArrays(const SharedArrays&) = delete;
  SharedArrays& operator=(const SharedArrays&) = delete;
  ~SharedArrays() override { forget(); }

  std::span<sluice_line> in_force(sluice_table table) override {
    const uint64_t shape = shared_.config.table[table];
    if (shape == 0) return {};
    return *shared_.slots.at(SLUICE_TABLE_SLOT(table, shape)).load(std::memory_order_relaxed);
  }
  base::Result<std::span<sluice_line>> make(sluice_table table, size_t lines) override {
    next_.at(table) = std::make_unique<Lines>(lines);
    return std::span<sluice_line>(*next_.at(table));
  }
  base::Status show(sluice_table table) override {
    const uint64_t before = shared_.config.table[table];
    const uint32_t slot = before == 0 ? SLUICE_TABLE_SLOT(table, 0) : SLUICE_TABLE_SLOT(table, before) ^ 1;
    const auto buckets = table::Table::buckets_in(table, next_.at(table)->size());
    shared_.slots.at(slot).store(next_.at(table).release(), std::memory_order_release);
    set_shape(table, SLUICE_TABLE_SHAPE(slot & 1, buckets));
    if (before == 0) return base::done();
    count(g_counts.grown);
    grace_.wait();
    delete shared_.slots.at(SLUICE_TABLE_SLOT(table, before)).exchange(nullptr);
    return base::done();
  }
  void drop(sluice_table table) override { next_.at(table).reset(); }
  base::Status wait_until_seen() override {
    grace_.wait();
    return base::done();
  }
  // No table has an array any more; while nothing is there in the epoch in force.
  void forget() {
    std::vector<std::unique_ptr<Lines>> former;
    for (const sluice_map map : kPolicyMaps) set_shape(table_of(map), 0);
    for (auto& slot : shared_.slots) former.emplace_back(slot.exchange(nullptr));
    grace_.wait();
  }

 private:
  void set_shape(sluice_table table, uint64_t shape) {
    std::atomic_ref(shared_.config.table[table]).store(shape, std::memory_order_seq_cst);
  }

  Shared& shared_;
  Grace& grace_;
  std::array<std::unique_ptr<Lines>, SLUICE_TABLE_COUNT> next_;
};

// ---- the writer

class Writer {
 public:
  Writer(Shared& shared, Grace& grace) : shared_(shared), grace_(grace), arrays_(shared, grace) {
    for (const sluice_map map : kPolicyMaps)
      for (uint32_t number = 0; number < kNumbers; ++number) keys_.push_back({numbered_key(map, number)});
    open();
  }

  void change() {
    const uint64_t next = shared_.epoch() + 1;
    for (const sluice_map map : kPolicyMaps) {
      prepare_in_vain(map, next);
      prepare(map, next);
    }
    std::atomic_ref(shared_.config.epoch).store(next, std::memory_order_seq_cst);
    count(g_counts.flips);
    for (size_t id = 0; id < keys_.size(); ++id) keys_[id].now = next_value(id, next);
    grace_.wait();
    tables_->note_grace();
    clean_up(next);
    if (begins_round(next)) open();
  }

 private:
  struct Entry {
    PolicyKey key;
    uint64_t now = kAbsent;
    bool there = false;
  };
  uint64_t next_value(size_t id, uint64_t next) const {
    if (begins_round(next)) return kAbsent;
    return changes(id, next) ? changed_to(id, next) : keys_[id].now;
  }

  // Small tables, as a new agent makes them.
  void open() {
    tables_.reset();
    arrays_.forget();
    for (Entry& entry : keys_) entry.there = false;
    auto opened = table::Tables::open(arrays_, shared_.config, {shared_.lengths4, shared_.lengths6});
    tables_.emplace(std::move(*opened));
  }

  // Adds to a batch, and writes it where it is large enough.
  void put(image::Batch& batch, size_t id, const sluice_cell& cell) {
    keys_[id].there = true;
    if (batch.count == 0) next_hot_ = id;
    testing::put(batch, keys_[id].key, cell);
    write(batch, kBatch);
  }
  void remove(image::Batch& batch, size_t id, uint32_t at_least = kBatch) {
    keys_[id].there = false;
    if (batch.count == 0) next_hot_ = id;
    testing::remove(batch, keys_[id].key);
    write(batch, at_least);
  }
  void write(image::Batch& batch, uint32_t at_least) {
    if (batch.count < at_least || batch.count == 0) return;
    shared_.hot.store(next_hot_, std::memory_order_relaxed);
    if (!tables_->write(batch)) count(g_counts.refused);
    batch = {};
  }
  // Calls visit(id, entry) for every key of a table.
  void for_each(sluice_map map, const auto& visit) {
    for (uint32_t number = 0; number < kNumbers; ++number)
      visit(id_of(map, number), keys_[id_of(map, number)]);
  }

  // Other changes of the same epoch, most of them undone at once; the rest is written over or, where a key is not to
  // change at all, put back as it was.
  void prepare_in_vain(sluice_map map, uint64_t next) {
    for_each(map, [&](size_t id, const Entry& entry) {
      const uint64_t choice = drawn(id, next) >> 8;
      if (choice % 16 != 0) return;
      for (uint64_t again = choice >> 8 & 3; again > 0; --again)
        prepare_and_undo(id, next, mixed(choice + again));
      image::Batch batch;
      put(batch, id, {next, entry.now, mixed(choice)});
      write(batch, 1);
      if (choice % 32 == 0 || next_value(id, next) == entry.now) prepare_and_undo(id, next, mixed(choice));
    });
  }
  void prepare_and_undo(size_t id, uint64_t next, uint64_t value) {
    const uint64_t now = keys_[id].now;
    image::Batch batch;
    put(batch, id, {next, now, value});
    write(batch, 1);
    if (now == kAbsent)
      remove(batch, id);
    else
      put(batch, id, {0, now, now});
    write(batch, 1);
    count(g_counts.undone);
  }
  // An entry that says nothing may be what an earlier agent left: it is removed before it is put anew.
  void prepare(sluice_map map, uint64_t next) {
    image::Batch puts, leftover;
    for_each(map, [&](size_t id, Entry& entry) {
      const uint64_t value = next_value(id, next);
      if (value == entry.now) return;
      count(entry.there ? g_counts.changed : g_counts.put);
      if (entry.there && entry.now == kAbsent && drawn(id, next) >> 16 & 1) {
        write(puts, 1);
        remove(leftover, id, 1);
        put(puts, id, {next, kAbsent, value});
        write(puts, 1);
      } else {
        put(puts, id, {next, entry.now, value});
      }
    });
    write(puts, 1);
  }
  // Some entries that say nothing stay for a while.
  void clean_up(uint64_t epoch) {
    for (const sluice_map map : kPolicyMaps) {
      image::Batch removals;
      for_each(map, [&](size_t id, const Entry& entry) {
        if (!entry.there || entry.now != kAbsent || drawn(id, epoch) >> 24 & 1) return;
        count(g_counts.removed);
        remove(removals, id);
      });
      write(removals, 1);
    }
  }

  Shared& shared_;
  Grace& grace_;
  SharedArrays arrays_;
  std::vector<Entry> keys_;
  size_t next_hot_ = 0;  // the first key of the batch that is made
  std::optional<table::Tables> tables_;
};

// ---- the readers

void expect_seen(sluice_map map, uint32_t number, uint64_t epoch, uint64_t seen, uint64_t wanted) {
  if (seen == wanted) return;
  if (g_counts.wrong.fetch_add(1, std::memory_order_relaxed) >= 8) return;
  std::printf("policy_stress: %s, number %u, epoch %" PRIu64 ": %" PRIx64 " seen, %" PRIx64 " there\n",
              std::string(image::map_name(map)).c_str(), number, epoch, seen, wanted);
}

class Packets {
 public:
  Packets(Shared& shared, unsigned seed) : shared_(shared), reader_(shared), random_(seed) {
    for (const sluice_map map : kPolicyMaps)
      for (uint32_t number = 0; number < kNumbers; ++number)
        words_.push_back(numbered_key(map, number).words);
  }
  void pass() {
    const uint64_t epoch = shared_.epoch();
    for (uint32_t i = 0; i < kPacketLookUps; ++i) look_up(epoch);
    const auto group = static_cast<uint32_t>(random_() % (kNumbers / kGroup));
    const auto address = address_in_group(group);
    const uint64_t of4 = reader_.longest4(address, epoch), of6 = reader_.longest6(address, epoch);
    expect_seen(SLUICE_MAP_PREFIXES4, group, epoch, of4, longest_in(SLUICE_MAP_PREFIXES4, group, epoch));
    expect_seen(SLUICE_MAP_PREFIXES6, group, epoch, of6, longest_in(SLUICE_MAP_PREFIXES6, group, epoch));
    if (of4 != kAbsent && of6 != kAbsent) count(g_counts.prefixes);
  }

 private:
  void look_up(uint64_t epoch) {
    const bool is_hot = random_() % 4 != 0;
    const size_t id = is_hot ? shared_.hot.load(std::memory_order_relaxed) : random_() % words_.size();
    const sluice_map map = kPolicyMaps.at(id / kNumbers);
    const uint64_t seen = reader_.value(map, words_[id], epoch);
    expect_seen(map, static_cast<uint32_t>(id % kNumbers), epoch, seen, value_in(id, epoch));
    count(seen == kAbsent ? g_counts.missed : g_counts.found);
  }

  Shared& shared_;
  PolicyReader<Shared> reader_;
  Random random_;
  std::vector<table::Key> words_;  // by id
};

void send_packets(Shared& shared, Grace& grace, size_t reader, const std::atomic<bool>& over) {
  Packets packets(shared, static_cast<unsigned>(reader + 1));
  while (!over.load(std::memory_order_relaxed)) {
    for (int i = 0; i < 32; ++i) {
      packets.pass();
      grace.end_packet(reader);
    }
    std::this_thread::yield();
  }
}

bool was_sound() {
  bool sound = true;
  const auto expect = [&sound](const char* what, const std::atomic<uint64_t>& counted, bool some) {
    const bool holds = (counted.load() != 0) == some;
    std::printf("%s: %" PRIu64 "%s\n", what, counted.load(),
                holds  ? ""
                : some ? ": nothing was tried"
                       : ": wrong");
    sound = sound && holds;
  };
  expect("flips", g_counts.flips, true);
  expect("arrays that gave way to larger ones", g_counts.grown, true);
  expect("entries put", g_counts.put, true);
  expect("changed", g_counts.changed, true);
  expect("undone", g_counts.undone, true);
  expect("removed", g_counts.removed, true);
  expect("look-ups that found", g_counts.found, true);
  expect("that missed", g_counts.missed, true);
  expect("longest prefixes", g_counts.prefixes, true);
  expect("look-ups that saw another state", g_counts.wrong, false);
  expect("outside of an array", g_counts.outside, false);
  expect("batches refused", g_counts.refused, false);
  return sound;
}

// The number that follows an option.
long number_after(int argc, char** argv, std::string_view option, long otherwise) {
  for (int i = 1; i + 1 < argc; ++i)
    if (argv[i] == option) return std::strtol(argv[i + 1], nullptr, 10);
  return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const long seconds = number_after(argc, argv, "--seconds", 10);
  const long readers = number_after(argc, argv, "--readers", 3);
  Shared shared;
  shared.config.epoch = kRound;
  Grace grace(static_cast<size_t>(readers));
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < static_cast<size_t>(readers); ++i)
    threads.emplace_back([&, i] { send_packets(shared, grace, i, over); });
  Writer writer(shared, grace);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (std::chrono::steady_clock::now() < end) writer.change();
  over = true;
  for (auto& thread : threads) thread.join();
  grace.end();
  return was_sound() ? 0 : 1;
}
