// bench_api: how long a change takes from the API server to being in force on a node, through the programs
// themselves.
#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/api/report.h"

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr uint32_t kProbes = 300;
constexpr const char* kEncodings[] = {"protobuf", "json"};

struct Wanted {
  Options options;
  Size size{20'000, 300, 110};
  api::Load load;
  std::string output = "table";
};

void add_options(CLI::App& app, Wanted& wanted) {
  app.add_option("--pods", wanted.size.pods, "pods of the cluster")->check(CLI::Range(1'000, 100'000));
  app.add_option("--policies", wanted.size.policies, "policies of the cluster")
      ->check(CLI::Range(50, 10'000));
  app.add_option("--local", wanted.size.local, "pods of this node")->check(CLI::Range(20, 250));
  app.add_option("--rate", wanted.load.rate, "changes a second")->check(CLI::Range(1, 1'000));
  app.add_option("--seconds", wanted.load.seconds, "of each round")->check(CLI::Range(1, 3'600));
  app.add_option("-o,--output", wanted.output, "table or json")->check(CLI::IsMember({"table", "json"}));
}

base::Status run(const Wanted& wanted, Document& document) {
  std::cerr << "making the cluster\n";
  auto stand = api::Stand::build(wanted.size);
  if (!stand) return stand.error();
  api::Mix mix(wanted.size);
  for (int round = 0; round < document.rounds; ++round)
    for (const char* encoding : kEncodings) {
      if (!wanted.options.wants(encoding)) continue;
      std::cerr << "round " << round + 1 << ", " << encoding << "\n";
      if (auto started = (*stand)->start_watcher(encoding); !started) return started;
      const auto seed = static_cast<uint64_t>(round) + 1;
      auto measured = api::measure(**stand, mix, wanted.load, seed);
      if (!measured) return measured.error().within(encoding);
      if (auto checked = (*stand)->check(wanted.size, seed, kProbes); !checked)
        return checked.error().within(encoding);
      api::add_round(*measured, encoding, kProbes, document);
    }
  return base::done();
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  constexpr double kQuickSeconds = 10;
  auto options =
      parse_options(argc, argv, "bench_api", "From a change at the API server to its being in force",
                    [&](CLI::App& app) { add_options(app, wanted); });
  if (const int* code = std::get_if<int>(&options)) return *code;
  wanted.options = std::get<Options>(std::move(options));
  if (wanted.options.quick) wanted.load.seconds = std::min(wanted.load.seconds, kQuickSeconds);
  auto document = start_document(wanted.options, wanted.options.rounds_or(3, 1));
  base::Status done = document ? run(wanted, *document) : base::Status(document.error());
  if (done && !wanted.options.out.empty()) done = write(*document, wanted.options.out);
  if (!done) {
    std::cerr << "bench_api: " << done.error().message() << "\n";
    return 1;
  }
  std::cout << (wanted.output == "json" ? to_json(*document) : to_table(*document));
  return 0;
}
