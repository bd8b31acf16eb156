// Prints what a change writes and what a map entry takes, for guard.sh: no kernel needed. The changes are
// those of bench/change, on its smallest cluster, through the user-space maps.
#include <iostream>
#include <span>

#include "agent/image/encode.h"
#include "agent/image/placement.h"
#include "agent/packet/maps.h"
#include "bench/change/counting.h"
#include "bench/change/events.h"
#include "bench/change/least.h"

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr Size kSize{1'000, 100, 110};
constexpr uint32_t kEvents = 4;  // of each case

struct Sum {
  size_t written = 0, least = 0;
};

class Maps {
 public:
  base::Status change(std::span<const model::Change> changes, const std::vector<compile::LocalPod>& locals,
                      Sum& sum) {
    const Portsets before = compiler_.image().portsets;
    auto difference = compiler_.update(changes, locals);
    if (!difference) return difference.error();
    if (difference->empty()) return base::done();
    auto plan = placement_.plan(compiler_.image(), *difference);
    if (!plan) return plan.error();
    Counting target(maps_);
    if (auto put = image::put_in_force(*plan, target); !put) return put;
    if (auto cleaned = image::clean_up(*plan, target); !cleaned) return cleaned;
    placement_.release_freed(*plan);
    sum.written += target.entries();
    sum.least += least_writes(*difference, before, compiler_.image().portsets);
    return base::done();
  }

 private:
  compile::Compiler compiler_{kNode};
  image::Placement placement_;
  packet::Maps maps_;
};

void print(const char* fact, std::string_view what, size_t number) {
  std::cout << fact << " " << what << " " << number << "\n";
}

base::Status print_changes() {
  Maps maps;
  Sum all;
  const World world = generate(kSize);
  if (auto done = maps.change(world.objects, world.locals, all); !done) return done;
  print("entries_written", "everything", all.written);
  print("least_possible", "everything", all.least);
  for (const EventCase& one : kEventCases) {
    Sum counted, other;
    for (uint32_t i = 0; i < kEvents; ++i) {
      const Event event = one.make(kSize, i);
      const auto put = [&](const model::Change& change, Counted not_counted) {
        return maps.change({&change, 1}, world.locals, one.counted == not_counted ? other : counted);
      };
      if (auto done = put(event.forth, Counted::kBack); !done) return done;
      if (auto done = put(event.back, Counted::kForth); !done) return done;
    }
    print("entries_written", one.name, counted.written);
    print("least_possible", one.name, counted.least);
  }
  return base::done();
}

}  // namespace

int main() {
  if (auto done = print_changes(); !done) {
    std::cerr << "guard_facts: " << done.error().message() << "\n";
    return 1;
  }
  for (int map = 0; map < SLUICE_MAP_COUNT; ++map) {
    const auto sizes = image::map_sizes(static_cast<sluice_map>(map));
    print("bytes_per_entry", image::map_name(static_cast<sluice_map>(map)), sizes.key + sizes.value);
  }
  return 0;
}
