// bench_relay: what one relay costs and spares: an API server of a large cluster, the relay as a program, and its nodes.
// Checks that every node is fed, and writes docs/benchmarks/relay.md.
// usage: bench_relay [--nodes 1000] [--pods-a-node 100] [--seconds 20] [--changes 100] [--into FILE]
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <thread>

#include "bench/harness/host.h"
#include "bench/harness/statistics.h"
#include "bench/relay/cluster.h"
#include "bench/relay/nodes.h"
#include "bench/relay/relay_program.h"
#include "tests/kubeapi/stack.h"

namespace sluice::bench {
namespace {

using Clock = Nodes::Clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kRelayAt[] = "127.0.0.1:19621", kMetricsAt[] = "127.0.0.1:19622";
constexpr seconds kAllCome{20};
constexpr int kFlipsASecond = 50, kReplacedASecond = 10;

struct Options {
  ClusterSize size;
  int seconds = 20, changes = 100;
  std::string into;
};

struct Results {
  double listed_seconds = 0, fed_seconds = 0, feeding_cpu = 0, listed_mib = 0, fed_mib = 0, peak_mib = 0;
  double failures = 0;
  double list_bytes = 0, snapshot_bytes = 0, snapshot_objects = 0;  // the last two of one node, on average
  double api_bytes_a_second = 0, node_bytes_a_second = 0, cpu_share = 0;  // while pods come and go
  std::vector<double> scraper_ms, policy_ms,
      last_ms;  // each node's delay; and the last node's of each change
};

double milliseconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

class Bench {
 public:
  Bench(const Options& options, const kubeapi::Folder& folder)
      : options_(options),
        files_{folder.write("tls.crt", kubeapi::pki().server.certificate),
               folder.write("tls.key", kubeapi::pki().server.key), folder.write("ca.crt", kubeapi::pki().ca)},
        node_files_{folder.write("node.crt", kubeapi::pki().client.certificate),
                    folder.write("node.key", kubeapi::pki().client.key), files_.ca} {
    fill(world_, options.size);
    api_ = std::make_unique<kubeapi::ApiDouble>(world_, kubeapi::pki());
    const std::string config = folder.write(
        "config",
        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nusers: [{name: u, user: "
        "{token: t}}]\nclusters: [{name: k, cluster: {server: \"https://127.0.0.1:" +
            std::to_string(api_->port()) + "\", certificate-authority: ca.crt}}]\n");
    relay_ = std::make_unique<RelayProgram>(config, kRelayAt, kMetricsAt, files_, folder.file("relay.log"));
    nodes_ = std::make_unique<Nodes>(loop_, node_files_, kRelayAt, options.size.nodes);
  }

  bool run(Results& results) { return list(results) && feed(results) && churn(results) && change(results); }
  std::string why() const { return why_; }

 private:
  template <typename Holds>
  bool run_until(Holds holds, seconds deadline, const std::string& what) {
    const auto end = Clock::now() + deadline;
    while (!holds()) {
      if (Clock::now() >= end) {
        why_ = what + ": not within " + std::to_string(deadline.count()) + " s; " + nodes_->failure();
        return false;
      }
      loop_.restart();
      loop_.run_for(milliseconds(1));
    }
    return true;
  }

  bool list(Results& results) {
    const auto begin = Clock::now();
    if (!run_until([&] { return relay_->is_ready(); }, seconds(300), "the relay lists everything"))
      return false;
    results.listed_seconds = milliseconds_between(begin, Clock::now()) / 1000;
    results.listed_mib = relay_->resident_mib();
    results.list_bytes = relay_->metric("sluice_watcher_received_bytes_total");
    return true;
  }

  bool feed(Results& results) {
    const auto begin = Clock::now();
    const double cpu = relay_->cpu_seconds();
    nodes_->start(kAllCome);
    const auto all = [&] {
      results.peak_mib = std::max(results.peak_mib, relay_->resident_mib());
      return nodes_->whole() == options_.size.nodes;
    };
    if (!run_until(all, seconds(600), "every node has its snapshot")) return false;
    results.fed_seconds = milliseconds_between(begin, Clock::now()) / 1000;
    results.feeding_cpu = relay_->cpu_seconds() - cpu;
    results.fed_mib = relay_->resident_mib();
    results.failures = static_cast<double>(nodes_->failures());
    const Nodes::Taken taken = nodes_->drain_taken();
    results.snapshot_bytes = static_cast<double>(taken.bytes) / options_.size.nodes;
    results.snapshot_objects = static_cast<double>(taken.events) / options_.size.nodes;
    return true;
  }

  bool churn(Results& results) {
    const double before = relay_->metric("sluice_watcher_received_bytes_total"), cpu = relay_->cpu_seconds();
    (void)nodes_->drain_taken();
    const auto begin = Clock::now();
    constexpr int kSteps = kFlipsASecond + kReplacedASecond;
    for (int step = 0; step < options_.seconds * kSteps; ++step) {
      if (step % kSteps < kFlipsASecond)
        flip_readiness(world_, options_.size, step);
      else
        replace_pod(world_, options_.size, step);
      const auto due = begin + milliseconds(1000) * (step + 1) / kSteps;
      loop_.restart();
      while (Clock::now() < due)
        loop_.run_for(
            std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(due - Clock::now())));
    }
    const double took = milliseconds_between(begin, Clock::now()) / 1000;
    results.api_bytes_a_second = (relay_->metric("sluice_watcher_received_bytes_total") - before) / took;
    results.node_bytes_a_second =
        static_cast<double>(nodes_->drain_taken().bytes) / took / options_.size.nodes;
    results.cpu_share = (relay_->cpu_seconds() - cpu) / took;
    return true;
  }

  bool change(Results& results) {
    for (int number = 1; number <= options_.changes; ++number) {
      const bool is_policy = number % 2 != 0;
      nodes_->wait_for(is_policy ? name_of_policy(number) : name_of_scraper(number));
      const auto begin = Clock::now();
      is_policy ? put_policy_for_all(world_, number) : put_scraper(world_, number);
      const auto all = [&] { return nodes_->came().size() == static_cast<size_t>(options_.size.nodes); };
      if (!run_until(all, seconds(30), "a change reaches every node")) return false;
      double last = 0;
      for (const auto& came : nodes_->came()) {
        const double took = milliseconds_between(begin, came);
        (is_policy ? results.policy_ms : results.scraper_ms).push_back(took);
        last = std::max(last, took);
      }
      results.last_ms.push_back(last);
      if (is_policy) remove_policy_for_all(world_, number);
      loop_.restart();
      loop_.run_for(milliseconds(100));
    }
    return true;
  }

  const Options options_;
  const relay::TlsFiles files_, node_files_;
  kubeapi::World world_;
  std::unique_ptr<kubeapi::ApiDouble> api_;
  std::unique_ptr<RelayProgram> relay_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<Nodes> nodes_;
  std::string why_;
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value >= 100 ? "%.0f" : "%.1f", value);
  return text;
}
std::string bytes(double value) {
  if (value >= 1e6) return number(value / 1e6) + " MB";
  return value >= 1e3 ? number(value / 1e3) + " kB" : number(value) + " B";
}

std::string page_of(const Options& options, const Results& r, const Host& host) {
  const double nodes = options.size.nodes;
  std::vector<double> each = r.policy_ms;
  each.insert(each.end(), r.scraper_ms.begin(), r.scraper_ms.end());
  const auto row = [](const std::string& what, const std::string& value) {
    return "| " + what + " | " + value + " |\n";
  };
  const auto delays = [](const char* what, const std::vector<double>& ms) {
    return std::string("| ") + what + " | " + number(quantile(ms, 0.5)) + " | " + number(quantile(ms, 0.9)) +
           " | " + number(quantile(ms, 0.99)) + " | " + number(quantile(ms, 1)) + " |\n";
  };
  return "# One relay and " + std::to_string(options.size.nodes) +
         " nodes\n\nWritten by `make bench-relay`: an API server over TLS, `sluice-watcher --serve` as a "
         "program, and "
         "every node by a\nTLS connection of its own, all on one machine, whose processors they share. " +
         std::to_string(options.size.pods()) +
         " pods, each workload of ten\nreplicas anywhere, with two policies a workload, a Service a hundred "
         "pods, and a policy "
         "for all pods. See\n[watcher.md](../watcher.md#relays).\n\n| what | |\n| --- | ---: |\n" +
         row("API server to the relay, all lists", bytes(r.list_bytes)) +
         row("the same to each node by itself, without relays", bytes(r.list_bytes * nodes)) +
         row("relay to one node, its snapshot",
             bytes(r.snapshot_bytes) + ", " + number(r.snapshot_objects) + " objects") +
         row("seconds until the relay has listed all", number(r.listed_seconds)) +
         row("seconds until every node has its snapshot, of which nodes come within " +
                 std::to_string(kAllCome.count()),
             number(r.fed_seconds)) +
         row("connections that failed", number(r.failures)) +
         row("processor seconds of the relay for these", number(r.feeding_cpu)) +
         row("memory of the relay, all listed and no node", number(r.listed_mib) + " MiB") +
         row("while all nodes take their snapshots, at most", number(r.peak_mib) + " MiB") +
         row("all nodes fed", number(r.fed_mib) + " MiB") + "\nWhile " + std::to_string(kFlipsASecond) +
         " pods a second turn unready or ready, and " + std::to_string(kReplacedASecond) +
         " a second come with another address:\n\n| what | |\n| --- | ---: |\n" +
         row("API server to the relay, a second", bytes(r.api_bytes_a_second)) +
         row("API server to all nodes without relays, a second", bytes(r.api_bytes_a_second * nodes)) +
         row("relay to one node, a second", bytes(r.node_bytes_a_second)) +
         row("processors that the relay takes", number(r.cpu_share * 100) + " %") +
         "\nFrom a change at the API server to a node that has read it, in ms, every change for every "
         "node:\n\n"
         "| change | p50 | p90 | p99 | max |\n| --- | ---: | ---: | ---: | ---: |\n" +
         delays("an admin policy for all pods", r.policy_ms) +
         delays("a pod that all nodes have to know", r.scraper_ms) + delays("both", each) +
         delays("the last node of each change", r.last_ms) + "\n" + host.cpu + ", " +
         std::to_string(host.cores) + " cores, kernel " + host.kernel + ", commit " + host.commit + ", " +
         host.date + ".\n";
}

int run(const Options& options) {
  const auto host = this_host();
  if (!host) {
    std::fprintf(stderr, "bench_relay: %s\n", host.error().message().c_str());
    return 1;
  }
  const kubeapi::Folder folder;
  Bench bench(options, folder);
  Results results;
  if (!bench.run(results)) {
    std::fprintf(stderr, "bench_relay: %s\n", bench.why().c_str());
    std::ifstream log(folder.file("relay.log"));
    for (std::string line; std::getline(log, line);) std::fprintf(stderr, "relay: %s\n", line.c_str());
    return 1;
  }
  const std::string page = page_of(options, results, *host);
  std::fputs(page.c_str(), stdout);
  if (!options.into.empty()) std::ofstream(options.into) << page;
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  sluice::bench::Options options;
  CLI::App app("One relay and its nodes", "bench_relay");
  app.add_option("--nodes", options.size.nodes);
  app.add_option("--pods-a-node", options.size.pods_a_node);
  app.add_option("--seconds", options.seconds);
  app.add_option("--changes", options.changes);
  app.add_option("--into", options.into);
  CLI11_PARSE(app, argc, argv);
  return sluice::bench::run(options);
}
