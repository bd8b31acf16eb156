#include <algorithm>
#include <set>

#include "agent/lab/attempts.h"
#include "agent/lab/journal.h"
#include "agent/lab/lab.h"
#include "agent/lab/plan.h"

namespace sluice::lab {
namespace {

using base::Error;
using base::Result;
using endpoint::Netns;

struct OpenHost {
  Host host;
  Netns netns;
};

Result<std::vector<Outside>> outside_of(const std::vector<Step>& steps) {
  std::vector<Outside> hosts;
  for (const Step& step : steps) {
    if (step.verb != Verb::kOutside) continue;
    auto host = parse_outside(step.subject + "=" + step.detail);
    if (!host) return host.error().within("the lab's journal");
    hosts.push_back(std::move(*host));
  }
  return hosts;
}

Result<std::vector<OpenHost>> open_hosts(const model::Cluster& cluster, const Directories& directories) {
  auto steps = read_steps(directories.state_dir);
  if (!steps) return steps.error();
  if (steps->empty()) return Error("no lab is up; run \"sluicectl lab up --manifests DIR\" first");
  auto outside = outside_of(*steps);
  if (!outside) return outside.error();
  auto hosts = plan(cluster, *outside);
  if (!hosts) return hosts.error();
  const auto dir = std::ranges::find(*steps, Verb::kNetnsDir, &Step::verb);
  std::vector<OpenHost> open;
  for (Host& host : *hosts) {
    const std::string path = (dir == steps->end() ? directories.netns_dir : dir->subject) + "/" + host.netns;
    auto netns = Netns::open(path);
    if (!netns)
      return Error(host.name.to_text() + " is not in the lab (" + netns.error().message() +
                   "); run \"sluicectl lab down\" and \"lab up\" again");
    open.push_back({std::move(host), std::move(*netns)});
  }
  return open;
}

// The first address of `host` in that family.
const net::Ip* address_in(const Host& host, net::Family family) {
  const auto ip = std::ranges::find(host.ips, family, &net::Ip::family);
  return ip == host.ips.end() ? nullptr : &*ip;
}

// Semantics 30: the first family of the source that the destination has too.
std::optional<Flow> flow_between(const std::vector<OpenHost>& hosts, size_t from, size_t to,
                                 std::optional<net::Family> family) {
  for (const net::Ip& source : hosts[from].host.ips) {
    if (family && source.family() != *family) continue;
    if (const net::Ip* destination = address_in(hosts[to].host, source.family()))
      return Flow{from, to, source, *destination};
  }
  return std::nullopt;
}

// By source, in the matrix's order; where there is none the cell says so.
std::vector<std::vector<Flow>> flows_of(const std::vector<OpenHost>& hosts, std::optional<net::Family> family,
                                        model::Matrix& matrix) {
  std::vector<std::vector<Flow>> flows(hosts.size());
  for (size_t from = 0; from < hosts.size(); ++from)
    for (size_t to = 0; to < hosts.size(); ++to) {
      if (from == to) continue;
      if (auto flow = flow_between(hosts, from, to, family))
        flows[from].push_back(*flow);
      else
        matrix.cells[from][to] = model::Cell::kNoPath;
    }
  return flows;
}

base::Status listen_everywhere(Attempts& attempts, const std::vector<OpenHost>& hosts,
                               const std::vector<std::vector<Flow>>& flows) {
  std::set<std::pair<size_t, net::Ip>> wanted;
  for (const auto& row : flows)
    for (const Flow& flow : row) wanted.emplace(flow.to, flow.destination);
  for (const auto& [host, ip] : wanted)
    if (auto listening = attempts.listen(hosts[host].netns, ip); !listening)
      return listening.error().within(hosts[host].host.name.to_text());
  return base::done();
}

base::Status collect(Attempts& attempts, std::chrono::milliseconds timeout, model::Matrix& matrix) {
  auto open = attempts.finish(timeout);
  if (!open) return open.error();
  for (const Flow& flow : *open) matrix.cells[flow.from][flow.to] = model::Cell::kAllow;
  return base::done();
}

}  // namespace

Result<model::Matrix> probe(const model::Cluster& cluster, const ProbeOptions& options) {
  auto attempts = Attempts::open(options.protocol, options.port);
  if (!attempts) return attempts.error();
  auto hosts = open_hosts(cluster, options.directories);
  if (!hosts) return hosts.error();
  std::vector<model::ObjectName> names;
  for (const OpenHost& host : *hosts) names.push_back(host.host.name);
  model::Matrix matrix = model::Matrix::closed(options.protocol, options.port, std::move(names));
  const auto flows = flows_of(*hosts, options.family, matrix);
  if (auto listening = listen_everywhere(*attempts, *hosts, flows); !listening) return listening.error();
  size_t running = 0;
  for (size_t from = 0; from < hosts->size(); ++from) {
    for (size_t at = 0; at < flows[from].size();) {
      const size_t count = std::min(flows[from].size() - at, kPairsAtOnce - running);
      const auto first = flows[from].begin() + static_cast<std::ptrdiff_t>(at);
      const std::vector<Flow> part(first, first + static_cast<std::ptrdiff_t>(count));
      if (auto started = attempts->start((*hosts)[from].netns, part); !started)
        return started.error().within((*hosts)[from].host.name.to_text());
      at += count;
      running += count;
      if (running < kPairsAtOnce) continue;
      if (auto done = collect(*attempts, options.timeout, matrix); !done) return done.error();
      running = 0;
    }
  }
  if (auto done = collect(*attempts, options.timeout, matrix); !done) return done.error();
  return matrix;
}

}  // namespace sluice::lab
