#include "bench/change/measure.h"

#include "bench/change/events.h"
#include "bench/change/least.h"
#include "bench/change/memory.h"
#include "bench/change/programming.h"
#include "bench/change/world_check.h"

namespace sluice::bench {

using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

namespace {

using Microseconds = std::chrono::duration<double, std::micro>;

struct What {
  const char* name;
  Nanoseconds (*of)(const Took&);
};
constexpr What kWhats[] = {
    {"compile", [](const Took& took) { return took.compile; }},
    {"apply", [](const Took& took) { return took.apply(); }},
    {"event-to-write", [](const Took& took) { return took.event_to_write(); }},
};
// After the change is in force.
constexpr What kAfterwards[] = {
    {"grace", [](const Took& took) { return took.grace; }},
    {"cleanup", [](const Took& took) { return took.cleanup; }},
};

class Measuring {
 public:
  Measuring(Chain chain, const Size& size, const Effort& effort, Document& document)
      : chain_(std::move(chain)),
        size_(size),
        effort_(effort),
        document_(document),
        first_series_(document.series.size()) {}

  Status start();
  Status compile_fully();
  Status run(const EventCase& one);
  Status program();
  Status check();
  Status end() { return chain_.empty(); }

 private:
  struct Totals {
    std::vector<Took> took;
    double written = 0, to_force = 0, least = 0;
  };
  Status carry_out(const model::Change& change, Totals* totals);
  void add(std::string_view name, const std::vector<Took>& all, bool afterwards);
  void add_facts(std::string_view name, const Totals& totals);

  Chain chain_;
  Size size_;
  Effort effort_;
  Document& document_;
  size_t first_series_;
  std::vector<compile::LocalPod> locals_;
  uint64_t checked_ = 0;
};

std::string text_of(const Size& size) {
  return std::to_string(size.pods) + "/" + std::to_string(size.policies) + "/" + std::to_string(size.local) +
         (size.tiers == 0 ? "" : "/" + std::to_string(size.tiers) + " tiers");
}

Status Measuring::start() {
  World world = generate(size_);
  locals_ = world.locals;
  if (auto step = chain_.change(world.objects, world.locals); !step) return step.error();
  return base::done();
}

Status Measuring::compile_fully() {
  std::vector<Took> all;
  for (int i = 0; i < effort_.compiles; ++i) {
    if (interrupted()) return Error("interrupted");
    const auto start = Clock::now();
    auto image = compile::try_compile({chain_.compiler().cluster(), kNode, {}, locals_});
    const Nanoseconds compile = Clock::now() - start;
    if (!image) return image.error();
    if (*image != chain_.compiler().image()) return Error("two full compiles differ");
    if (Status emptied = chain_.empty(); !emptied) return emptied;
    auto step = chain_.refill();
    if (!step) return step.error();
    step->took.compile = compile;
    all.push_back(step->took);
  }
  add("compile-full", all, false);
  return base::done();
}

Status Measuring::carry_out(const model::Change& change, Totals* totals) {
  Portsets before;
  if (totals != nullptr) before = chain_.compiler().image().portsets;
  auto step = chain_.change({&change, 1});
  if (!step) return step.error();
  if (totals == nullptr) return base::done();
  totals->took.push_back(step->took);
  if (step->difference.empty()) return base::done();
  totals->written += static_cast<double>(step->written.all());
  totals->to_force += static_cast<double>(step->written.to_force);
  totals->least +=
      static_cast<double>(least_writes(step->difference, before, chain_.compiler().image().portsets));
  return base::done();
}

Status Measuring::run(const EventCase& one) {
  Totals totals;
  const bool forth = one.counted != Counted::kBack, back = one.counted != Counted::kForth;
  const int last = effort_.events / (forth && back ? 2 : 1);
  for (int i = -1; i <= last; ++i) {  // the first warms up; the last is there to be checked
    if (interrupted()) return Error("interrupted");
    const Event event = one.make(size_, static_cast<uint32_t>(i + 1));
    const bool counts = i >= 0 && i < last;
    if (Status s = carry_out(event.forth, counts && forth ? &totals : nullptr); !s) return s;
    if (i == last && effort_.check_cases)
      if (Status s = check(); !s) return s;
    if (Status s = carry_out(event.back, counts && back ? &totals : nullptr); !s) return s;
  }
  add(one.name, totals.took, true);
  add_facts(one.name, totals);
  return base::done();
}

void Measuring::add(std::string_view name, const std::vector<Took>& all, bool afterwards) {
  auto add_one = [&](const What& what) {
    Series series{"change",
                  std::string(name) + " " + text_of(size_),
                  "sluice",
                  std::string(name),
                  labels_of(size_),
                  "us",
                  {}};
    series.labels["what"] = what.name;
    for (const Took& took : all) series.rounds.push_back(Microseconds(what.of(took)).count());
    document_.series.push_back(std::move(series));
  };
  for (const What& what : kWhats) add_one(what);
  for (const What& what : kAfterwards)
    if (afterwards) add_one(what);
}

void Measuring::add_facts(std::string_view name, const Totals& totals) {
  Labels labels = labels_of(size_);
  labels["case"] = name;
  const auto events = static_cast<double>(totals.took.size());
  document_.facts.push_back(
      {"change", "entries_written", labels, totals.written / events, "entries a change"});
  document_.facts.push_back(
      {"change", "entries_to_force", labels, totals.to_force / events, "entries a change"});
  document_.facts.push_back({"change", "least_possible", labels, totals.least / events, "entries a change"});
}

Status Measuring::program() {
  if (effort_.programming == 0) return base::done();
  return measure_programming(chain_, labels_of(size_), {effort_.programming, 1, 1}, document_);
}

Status Measuring::check() {
  if (Status same = check_image(chain_, locals_); !same) return same;
  auto checked = check_verdicts(chain_, size_, checked_ + 1, effort_.probes);
  if (!checked) return checked.error();
  checked_ += *checked;
  for (size_t i = first_series_; i < document_.series.size(); ++i) document_.series[i].checked = checked_;
  return base::done();
}

bool wants_any(const Options& options, const Size& size, const Effort& effort) {
  bool any = options.wants("compile-full " + text_of(size)) ||
             (effort.programming > 0 && options.wants("programming"));
  for (const EventCase& one : kEventCases)
    any = any || options.wants(std::string(one.name) + " " + text_of(size));
  return any;
}

}  // namespace

Status measure_changes(LoadedMaps& maps, const Size& size, const Effort& effort, const Options& options,
                       Document& document) {
  if (!wants_any(options, size, effort)) return base::done();
  auto chain = Chain::over(maps);
  if (!chain) return chain.error();
  Measuring measuring(std::move(*chain), size, effort, document);
  if (Status s = measuring.start(); !s) return s;
  if (options.wants("compile-full " + text_of(size)))
    if (Status s = measuring.compile_fully(); !s) return s;
  for (const EventCase& one : kEventCases)
    if (options.wants(std::string(one.name) + " " + text_of(size)))
      if (Status s = measuring.run(one).within(one.name); !s) return s;
  if (size.tiers > 0 && options.wants(std::string(kTierCase.name)))
    if (Status s = measuring.run(kTierCase).within(kTierCase.name); !s) return s;
  if (options.wants("programming"))
    if (Status s = measuring.program(); !s) return s;
  if (Status s = measuring.check(); !s) return s;
  return measuring.end();
}

}  // namespace sluice::bench
