// bench_names: what names cost.
//   delay  how long a DNS answer takes at 10,000 a second, to a pod whose rules name domains (its answers are held until what
//          they teach is in force) and to one without rules, round by round; every answer is looked at
//   look   how long all flows are gone through, of tables with a million
//   path   what a packet of a pod with such rules costs beside that of one without
#include <iostream>

#include "agent/base/default_socket.h"
#include "agent/control/client.h"
#include "agent/control/learning/in_use.h"
#include "agent/kernel/flows.h"
#include "agent/kernel/hz.h"
#include "agent/kernel/maps.h"
#include "bench/harness/document.h"
#include "bench/harness/statistics.h"
#include "bench/names/asker.h"
#include "bench/names/path.h"
#include "bench/names/stand.h"
#include "tests/kernel/numbered_flow.h"

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr char kSuite[] = "names";
constexpr int kRounds = 21, kQuickRounds = 5;
constexpr uint32_t kAnswersASecond = 10'000;
constexpr uint32_t kFlows = 1U << 20;

struct Measured {
  const char* contender;
  const char* netns;
  Series p50, p99;
};

Series series_of(const char* group, const char* contender, const char* case_name, const char* unit) {
  return {kSuite, group, contender, case_name, {}, unit, {}, 0};
}

Status measure_delay(int rounds, Document& document) {
  auto stand = names::Stand::build();
  if (!stand) return stand.error();
  std::vector<Measured> all;
  for (const auto& [contender, netns] : {std::pair("held", names::kNamed), {"without names", names::kPlain}})
    all.push_back({contender, netns, series_of("delay", contender, "p50", "us"),
                   series_of("delay", contender, "p99", "us")});
  size_t asked = 0, lost = 0;
  double seconds = 0;
  for (int i = -1; i < rounds && !interrupted(); ++i)  // the first one warms up
    for (Measured& one : all) {
      auto asker = names::Asker::open(one.netns, *net::Ip::parse(names::kServer));
      if (!asker) return asker.error();
      const names::Round round = asker->round(kAnswersASecond);
      if (round.wrong > 0) return Error(std::to_string(round.wrong) + " answers are not the server's");
      if (i < 0) continue;
      asked += round.asked;
      seconds += round.seconds;
      lost += round.asked - round.microseconds.size();
      one.p50.rounds.push_back(quantile(round.microseconds, 0.5));
      one.p99.rounds.push_back(quantile(round.microseconds, 0.99));
      one.p50.checked = one.p99.checked += round.microseconds.size();
    }
  for (const char* of : {"p50", "p99"}) {
    const auto rounds_of = [&](const Measured& one) { return (of[1] == '5' ? one.p50 : one.p99).rounds; };
    Series added = series_of("delay", "added", of, "us");
    added.rounds = net(rounds_of(all[0]), rounds_of(all[1]));
    document.series.push_back(std::move(added));
  }
  for (Measured& one : all)
    for (Series* series : {&one.p50, &one.p99}) document.series.push_back(std::move(*series));
  const auto reply = control::Client(base::kDefaultSocket).names();
  if (!reply) return reply.error();
  const auto fact = [&](const char* name, double value, const char* unit) {
    document.facts.push_back({kSuite, name, {}, value, unit});
  };
  fact("questions_a_second", static_cast<double>(asked) / seconds, "questions");
  fact("answers_lost", static_cast<double>(lost), "answers");
  fact("answers_unheld", static_cast<double>(reply->facts().answers_unheld()), "answers");
  fact("names_learnt", static_cast<double>(reply->facts().names()), "names");
  if (reply->facts().names() != names::kNames) return Error("not every name was learnt");
  return base::done();
}

Status fill(const kernel::Programs& programs) {
  const auto now = kernel::jiffies_now();
  if (!now) return now.error();
  for (uint32_t i = 0; i < kFlows; ++i) {
    auto flow = testing::numbered_flow(4, i, SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED, *now - 1000);
    flow.name = 1 + i % 16'000;
    if (auto added = kernel::edit_flow(programs, flow); !added) return added;
  }
  return base::done();
}

Status measure_look(int rounds, Document& document) {
  kernel::LoadOptions options;
  options.flows = kFlows;
  auto programs = kernel::load(options);
  if (!programs) return programs.error();
  auto maps = kernel::KernelMaps::open(*programs);  // draws the seed
  if (!maps) return maps.error();
  if (auto filled = fill(*programs); !filled) return filled;
  std::vector<net::Ip> learnt;
  for (uint32_t i = 0; i < 64'000; ++i) learnt.push_back(names::address_of(i));
  const base::Log log(base::LogFormat::kText, base::LogLevel::err);
  Series read = series_of("look", "read", "1 M flows", "ms"),
         look = series_of("look", "look", "1 M flows", "ms");
  size_t flows = 0;
  const auto timed = [](Series& series, const auto& act) {
    const auto begin = std::chrono::steady_clock::now();
    act();
    series.rounds.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  };
  for (int i = 0; i < rounds && !interrupted(); ++i) {
    flows = 0;
    timed(read, [&] { (void)kernel::for_each_flow(*programs, [&](const sluice_flow_edit&) { ++flows; }); });
    timed(look, [&] { (void)control::learning::in_use_of(*programs, learnt, log); });
  }
  document.series.push_back(std::move(read));
  document.series.push_back(std::move(look));
  document.facts.push_back({kSuite, "look_flows", {}, static_cast<double>(flows), "flows"});
  return base::done();
}

Status run(const Options& options, int rounds, Document& document) {
  if (auto entered = live::enter_sandbox(); !entered) return entered.error();
  if (options.wants("path"))
    if (auto measured = names::measure_path(kSuite, rounds, document); !measured)
      return measured.error().within("path");
  if (options.wants("look"))
    if (auto measured = measure_look(rounds, document); !measured) return measured.error().within("look");
  if (options.wants("delay"))
    if (auto measured = measure_delay(rounds, document); !measured) return measured.error().within("delay");
  return base::done();
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  using namespace sluice::bench;  // NOLINT(google-build-using-namespace)
  auto options = parse_options(argc, argv, "bench_names", "What names cost");
  if (const int* code = std::get_if<int>(&options)) return *code;
  const Options& wanted = std::get<Options>(options);
  const int rounds = wanted.rounds_or(kRounds, kQuickRounds);
  auto document = start_document(wanted, rounds);
  sluice::base::Status done =
      document ? run(wanted, rounds, *document) : sluice::base::Status(document.error());
  if (document) std::cout << to_table(*document);
  if (done && !wanted.out.empty()) done = write(*document, wanted.out);
  if (done) return 0;
  std::cerr << "bench_names: " << done.error().message() << "\n";
  return 1;
}
