// sluicectl matrix: every pod against every pod, computed by an engine, at one port or several.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/engines.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/apps/table.h"
#include "agent/apps/terminal.h"
#include "agent/picture/matrix_page.h"
#include "agent/rehearse/ends.h"

namespace sluice::apps::ctl {
namespace {

using base::Error;
using base::Result;

// More pods than these are asked about by classes: of all pairs of pods that no policy tells apart one.
constexpr size_t kAskedOneByOne = 400;
// Of a page that somebody waits for.
constexpr size_t kMostCells = 50'000'000;

struct MatrixOptions : MatrixQuestion {
  std::vector<std::string> ports;
  bool named_ports = false;
  Reading reading;
  std::string engine = "native";
};

struct Reachable {
  model::ObjectName name;
  std::vector<net::Ip> addresses;
  size_t like = 0;  // those with the same number get the same answers
};

// Pods that take part and still have an address of their own, by name.
std::vector<Reachable> reachable_pods(const model::Cluster& cluster, const model::PodAddresses& addresses,
                                      size_t one_by_one) {
  std::vector<Reachable> pods;
  for (const auto& [name, pod] : cluster.pods)
    if (auto own = addresses.owned_by(pod); !own.empty()) pods.push_back({name, std::move(own), pods.size()});
  if (pods.size() <= one_by_one) return pods;
  std::map<model::ObjectName, size_t> classes;
  const rehearse::Ends ends = rehearse::ends_of({&cluster});
  for (size_t i = 0; i < ends.pods.size(); ++i)
    for (const model::Pod* pod : ends.pods[i].pods) classes[pod->name] = i;
  for (Reachable& pod : pods) pod.like = classes.at(pod.name);
  return pods;
}

bool share_a_family(const Reachable& a, const Reachable& b) {
  return std::any_of(a.addresses.begin(), a.addresses.end(), [&](const net::Ip& one) {
    return std::any_of(b.addresses.begin(), b.addresses.end(),
                       [&](const net::Ip& other) { return one.family() == other.family(); });
  });
}

// Of one matrix: a port, or the name of one; neither where the protocol has none.
struct Column {
  std::optional<net::Port> port;
  std::string name;
};

std::set<std::string> port_names(const model::Cluster& cluster, const std::vector<Reachable>& pods,
                                 net::Protocol protocol) {
  std::set<std::string> names;
  for (const Reachable& pod : pods)
    for (const model::ContainerPort& port : cluster.pods.at(pod.name).ports)
      if (port.protocol == protocol && !port.name.empty()) names.insert(port.name);
  return names;
}

// In the order given, each once; behind them every name, where these are asked for.
Result<std::vector<Column>> columns_of(const MatrixOptions& options, net::Protocol protocol,
                                       const std::set<std::string>& known) {
  const bool asked = !options.ports.empty() || options.named_ports;
  if (!protocol.has_ports()) {
    if (asked) return Error("--port: " + options.protocol + " has no ports: leave it out");
    return std::vector<Column>{{}};
  }
  if (!asked) return Error("--port: is missing: " + options.protocol + " has ports");
  std::vector<Column> columns;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second) columns.push_back({{}, name});
  };
  for (const std::string& text : options.ports) {
    if (!is_port_number(text)) {
      if (!known.contains(text))
        return Error("--port " + text + ": no pod gives a " + options.protocol + " port this name: use " +
                     (known.empty() ? "" : "one of " + joined({known.begin(), known.end()}) + ", or ") +
                     "a number");
      add(text);
    } else if (seen.insert(std::to_string(std::stoi(text))).second) {
      columns.push_back({net::Port::from_host(static_cast<uint16_t>(std::stoi(text))), ""});
    }
  }
  if (options.named_ports)
    for (const std::string& name : known) add(name);
  if (columns.empty())
    return Error("--named-ports: no pod names a " + options.protocol + " port: give --port");
  return columns;
}

class Computation {
 public:
  Computation(const model::Cluster& cluster, engine::Engine& engine, net::Protocol protocol,
              size_t one_by_one = kAskedOneByOne)
      : cluster_(cluster),
        addresses_(cluster),
        pods_(reachable_pods(cluster, addresses_, one_by_one)),
        engine_(engine),
        protocol_(protocol) {}

  const std::vector<Reachable>& pods() const { return pods_; }

  Result<std::vector<model::Matrix>> run(const std::vector<Column>& columns) {
    std::vector<model::Matrix> matrices;
    Progress progress("pairs of pods", columns.size() * pods_.size() * pods_.size());
    for (const Column& column : columns) {
      answers_.clear();
      std::vector<model::ObjectName> names;
      for (const auto& pod : pods_) names.push_back(pod.name);
      auto matrix = model::Matrix::closed(protocol_, column.port.value_or(net::Port()), std::move(names));
      matrix.port_name = column.name;
      for (size_t to = 0; to < pods_.size(); ++to) {
        progress.step((matrices.size() * pods_.size() + to) * pods_.size());
        if (auto done = fill(matrix, to, port_of(pods_[to], column)); !done) return done.error();
      }
      matrices.push_back(std::move(matrix));
    }
    return matrices;
  }

 private:
  // None: the pod has no port of this name, or the protocol has none at all.
  std::optional<net::Port> port_of(const Reachable& pod, const Column& column) const {
    if (column.name.empty()) return column.port;
    const auto port = model::port_named(cluster_, addresses_, pod.name, protocol_, column.name);
    return port ? std::optional(*port) : std::nullopt;
  }

  base::Status fill(model::Matrix& matrix, size_t to, std::optional<net::Port> port) {
    auto& known = answers_[{pods_[to].like, port ? port->host() : 0}];
    known.resize(pods_.size());
    for (size_t from = 0; from < pods_.size(); ++from) {
      if (from == to) continue;
      std::optional<model::Cell>& cell = known[pods_[from].like];
      if (!cell) {
        const auto answer = ask(pods_[from], pods_[to], port);
        if (!answer)
          return answer.error().within(pods_[from].name.to_text() + " to " + pods_[to].name.to_text());
        cell = *answer;
      }
      matrix.cells[from][to] = *cell;
    }
    return base::done();
  }

  Result<model::Cell> ask(const Reachable& from, const Reachable& to, std::optional<net::Port> port) {
    const bool there = port.has_value() || !protocol_.has_ports();
    if (!there || !share_a_family(from, to)) return model::Cell::kNoPath;
    const auto answer = engine_.evaluate({from.name, to.name, {}, protocol_, port});
    if (!answer) return answer.error();
    return answer->verdict() == model::Verdict::kAllow ? model::Cell::kAllow : model::Cell::kDeny;
  }

  const model::Cluster& cluster_;
  const model::PodAddresses addresses_;
  const std::vector<Reachable> pods_;
  engine::Engine& engine_;
  const net::Protocol protocol_;
  // At one port: to those like one, at their port, from those like each.
  std::map<std::pair<size_t, uint16_t>, std::vector<std::optional<model::Cell>>> answers_;
};

int run_matrix(const MatrixOptions& options) {
  const net::Protocol protocol = *model::parse_probe_protocol(options.protocol);
  if (protocol.has_ports() == (options.ports.empty() && !options.named_ports))
    return fail(kSluicectl, kExitUsage, columns_of(options, protocol, {}).error().message());
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo, options.reading);
  if (!manifests) return kExitUsage;
  auto engine = make_engine(options.engine, manifests->cluster);
  Computation computation(manifests->cluster, *engine, protocol);
  const auto columns =
      columns_of(options, protocol, port_names(manifests->cluster, computation.pods(), protocol));
  if (!columns) return fail(kSluicectl, kExitUsage, columns.error().message());
  const auto matrices = computation.run(*columns);
  if (!matrices) return fail(kSluicectl, kExitFailed, matrices.error().message());
  if (!print_matrices(*matrices, options.output, &manifests->cluster))
    return fail(kSluicectl, kExitFailed, "matrix: cannot write it");
  return manifests->sound ? kExitDone : kExitUsage;
}

std::string tables_of(const std::vector<model::Matrix>& matrices) {
  std::string text;
  for (const model::Matrix& matrix : matrices)
    text += (text.empty() ? "" : "\n") + model::to_table(matrix, use_colour());
  return text;
}

}  // namespace

bool print_matrices(const std::vector<model::Matrix>& matrices, const std::string& output,
                    const model::Cluster* cluster) {
  const std::string text = output == "json"   ? model::to_json(matrices)
                           : output == "html" ? picture::to_html(picture::matrix_page(matrices, cluster))
                                              : tables_of(matrices);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0;
}

Result<picture::Page> matrix_page_of(const model::Cluster& cluster, const std::vector<std::string>& ports,
                                     const std::string& protocol_text) {
  MatrixOptions options;
  if (!protocol_text.empty()) options.protocol = protocol_text;
  const auto protocol = model::parse_probe_protocol(options.protocol);
  if (!protocol) return protocol.error();
  for (const std::string& port : ports)
    if (const std::string fault = port_fault(port); !fault.empty()) return Error("port: " + fault);
  const auto engine = make_engine(options.engine, cluster);
  Computation computation(cluster, *engine, *protocol, /*one_by_one=*/0);
  const auto known = port_names(cluster, computation.pods(), *protocol);
  options.ports = ports;
  options.named_ports = ports.empty() && protocol->has_ports() && !known.empty();
  if (ports.empty() && protocol->has_ports() && known.empty()) options.ports = {"80"};
  const auto columns = columns_of(options, *protocol, known);
  if (!columns) return columns.error();
  const size_t pods = computation.pods().size();
  if (columns->size() * pods * pods > kMostCells)
    return Error(std::to_string(pods) + " pods " +
                 (columns->size() > 1 ? "at " + std::to_string(columns->size()) + " ports " : "") +
                 "are too many for a page: ask for one port, or take sluicectl matrix of sluicectl snapshot");
  const auto matrices = computation.run(*columns);
  if (!matrices) return matrices.error();
  return picture::matrix_page(*matrices, &cluster);
}

void add_matrix_options(CLI::App& command, MatrixQuestion& question) {
  add_manifests_option(command, question.manifests);
  add_protocol_option(command, question.protocol);
  add_output_option(command, question.output, {"table", "json", "html"});
}

void add_matrix(Commands& commands) {
  commands.add<MatrixOptions>(
      "matrix", "Every pod against every pod, offline",
      [](CLI::App& command, MatrixOptions& options) {
        add_matrix_options(command, options);
        add_held_option(command, options.reading.held);
        add_reading_options(command, options.reading);
        command
            .add_option("--port", options.ports,
                        "Destination port, or its name; may be given several times; none for protocols "
                        "without ports")
            ->type_name("N|NAME")
            ->allow_extra_args(false)
            ->check(CLI::Validator(port_fault, ""));
        command.add_flag("--named-ports", options.named_ports,
                         "Every port of the protocol that a pod gives a name");
        command.add_option("--engine", options.engine, "native, bpf (needs root) or reference")
            ->check(CLI::IsMember({kEngineNames[0], kEngineNames[1], kEngineNames[2]}));
      },
      run_matrix);
}

}  // namespace sluice::apps::ctl
