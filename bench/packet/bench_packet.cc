// bench_packet: what a packet costs on the loaded programs, beside reference programs in the same rounds.
#include <unistd.h>

#include <iostream>

#include "bench/packet/plan.h"
#include "bench/packet/run.h"

int main(int argc, char** argv) {
  namespace bench = sluice::bench;
  const auto parsed = bench::parse_options(
      argc, argv, "bench_packet", "What a packet costs on the loaded programs, beside reference programs.");
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const auto& options = std::get<bench::Options>(parsed);
  if (::geteuid() != 0) {
    std::cerr << "bench_packet: loads BPF programs: run it as root\n";
    return 2;
  }
  const auto done = bench::run(options, bench::packet_groups(options.quick));
  if (done) return 0;
  std::cerr << "bench_packet: " << done.error().message() << "\n";
  return 1;
}
