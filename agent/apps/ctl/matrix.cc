// sluicectl matrix: every pod against every pod, computed by an engine.
#include <algorithm>
#include <cstdio>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/engines.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/apps/terminal.h"

namespace sluice::apps::ctl {
namespace {

struct MatrixOptions : MatrixQuestion {
  std::string engine = "native";
};

struct Reachable {
  model::ObjectName name;
  std::vector<net::Ip> addresses;
};

// Pods that take part and still have an address of their own, by name.
std::vector<Reachable> reachable_pods(const model::Cluster& cluster) {
  const model::PodAddresses addresses(cluster);
  std::vector<Reachable> pods;
  for (const auto& [name, pod] : cluster.pods)
    if (auto own = addresses.owned_by(pod); !own.empty()) pods.push_back({name, std::move(own)});
  return pods;
}

bool share_a_family(const Reachable& a, const Reachable& b) {
  return std::any_of(a.addresses.begin(), a.addresses.end(), [&](const net::Ip& one) {
    return std::any_of(b.addresses.begin(), b.addresses.end(),
                       [&](const net::Ip& other) { return one.family() == other.family(); });
  });
}

base::Result<model::Matrix> compute(engine::Engine& engine, const std::vector<Reachable>& pods,
                                    const ProtocolAndPort& what) {
  std::vector<model::ObjectName> names;
  names.reserve(pods.size());
  for (const auto& pod : pods) names.push_back(pod.name);
  auto matrix = model::Matrix::closed(what.protocol, what.port.value_or(net::Port()), std::move(names));
  Progress progress("pairs of pods", pods.size() * pods.size());
  for (size_t from = 0; from < pods.size(); ++from)
    for (size_t to = 0; to < pods.size(); ++to) {
      progress.step(from * pods.size() + to);
      if (from == to) continue;
      if (!share_a_family(pods[from], pods[to])) {
        matrix.cells[from][to] = model::Cell::kNoPath;
        continue;
      }
      auto answer = engine.evaluate({pods[from].name, pods[to].name, {}, what.protocol, what.port});
      if (!answer) return answer.error().within(pods[from].name.to_text() + " to " + pods[to].name.to_text());
      matrix.cells[from][to] =
          answer->verdict() == model::Verdict::kAllow ? model::Cell::kAllow : model::Cell::kDeny;
    }
  return matrix;
}

int run_matrix(const MatrixOptions& options) {
  auto what = protocol_and_port(options.protocol, options.port);
  if (!what) return fail(kSluicectl, kExitUsage, what.error().message());
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo);
  if (!manifests) return kExitUsage;
  auto engine = make_engine(options.engine, manifests->cluster);
  auto matrix = compute(*engine, reachable_pods(manifests->cluster), *what);
  if (!matrix) return fail(kSluicectl, kExitFailed, matrix.error().message());
  if (!print_matrix(*matrix, options.output)) return fail(kSluicectl, kExitFailed, "matrix: cannot write it");
  return manifests->sound ? kExitDone : kExitUsage;
}

}  // namespace

bool print_matrix(const model::Matrix& matrix, const std::string& output) {
  const std::string text = output == "json"   ? model::to_json(matrix)
                           : output == "html" ? model::to_html(matrix)
                                              : model::to_table(matrix, use_colour());
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0;
}

void add_matrix_options(CLI::App& command, MatrixQuestion& question) {
  add_manifests_option(command, question.manifests);
  add_port_option(command, question.port);
  add_protocol_option(command, question.protocol);
  add_output_option(command, question.output, {"table", "json", "html"});
}

void add_matrix(Commands& commands) {
  commands.add<MatrixOptions>(
      "matrix", "Every pod against every pod, offline",
      [](CLI::App& command, MatrixOptions& options) {
        add_matrix_options(command, options);
        command.add_option("--engine", options.engine, "native, bpf (needs root) or reference")
            ->check(CLI::IsMember({kEngineNames[0], kEngineNames[1], kEngineNames[2]}));
      },
      run_matrix);
}

}  // namespace sluice::apps::ctl
