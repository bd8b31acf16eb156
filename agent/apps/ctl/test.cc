// sluicectl test: what a team expects of its policies, from files, by an agent, or by real connections in the lab.
#include <cstdio>

#include "agent/apps/ctl/asking.h"
#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/apps/ctl/read_file.h"
#include "agent/apps/terminal.h"
#include "agent/expect/expectations.h"
#include "agent/explain/wire/check_reply.h"
#include "agent/lab/lab.h"

namespace sluice::apps::ctl {
namespace {

using base::Error;
using base::Result;
using expect::Expectation;
using explain::Answer;

struct TestOptions {
  Asking asking;
  std::vector<std::string> files, manifests;
  std::string output = "text";
  bool coverage = false, lab = false;
  Reading reading;
};

constexpr size_t kLargestFile = size_t{16} << 20;  // bytes

std::optional<std::vector<Expectation>> read_files(const std::vector<std::string>& files) {
  std::vector<Expectation> all;
  bool sound = true;
  for (const std::string& file : files) {
    const auto bytes = read_file(file, kLargestFile);
    if (!bytes) {
      fail(kSluicectl, kExitUsage, "test: " + bytes.error().message());
      return std::nullopt;
    }
    auto read = expect::read_expectations(*bytes, file);
    for (const std::string& problem : read.problems) fail(kSluicectl, kExitUsage, "test: " + problem);
    sound = sound && read.problems.empty();
    for (Expectation& one : read.all) all.push_back(std::move(one));
  }
  return sound ? std::optional(std::move(all)) : std::nullopt;
}

Result<model::Probe> probe_of(const model::Cluster& cluster, const std::string& from, const std::string& to,
                              net::Protocol protocol, const std::string& port) {
  const auto destination = model::parse_party(to);
  if (!destination)
    return Error("no address is known for " + to + ": give them with --manifests and --names FILE");
  model::Probe probe{*model::parse_party(from), *destination, {}, protocol, {}};
  const auto number = port_of(cluster, probe.to, protocol, port);
  if (!number) return number.error();
  probe.port = *number;
  return probe;
}

std::vector<std::string> pods_in(const model::Cluster& cluster, const std::string& ns) {
  const model::PodAddresses addresses(cluster);
  std::vector<std::string> names;
  for (auto at = cluster.pods.lower_bound({ns, ""}); at != cluster.pods.end() && at->first.ns == ns; ++at)
    if (!addresses.owned_by(at->second).empty()) names.push_back(at->first.to_text());
  return names;
}

// What the name resolves to, of families that `from` has.
std::vector<std::string> addresses_of(const model::Cluster& cluster, const std::string& from,
                                      const std::string& name) {
  std::vector<std::string> all;
  const auto known = cluster.resolved.find(name);
  if (known == cluster.resolved.end()) return all;
  const model::PodAddresses addresses(cluster);
  for (const net::Ip& ip : known->second)
    if (model::resolve(cluster, addresses, {*model::parse_party(from), ip, {}, net::kIcmp, {}}))
      all.push_back(ip.to_text());
  return all;
}

// Real connections: the lab's matrix of each port, measured once.
class LabJudge {
 public:
  explicit LabJudge(const model::Cluster& cluster) : cluster_(cluster) {}

  Result<Answer> check(const std::string& from, const std::string& to, net::Protocol protocol,
                       const std::string& port) {
    const auto probe = probe_of(cluster_, from, to, protocol, port);
    if (!probe) return probe.error();
    if (!probe->port) return Error("the lab connects by TCP, UDP and SCTP only");
    auto& matrix = matrices_[{protocol, *probe->port}];
    if (!matrix) {
      lab::ProbeOptions options;
      options.protocol = protocol;
      options.port = *probe->port;
      auto measured = lab::probe(cluster_, options);
      if (!measured) return measured.error();
      matrix = std::move(*measured);
    }
    const auto row = index_of(*matrix, probe->from), column = index_of(*matrix, probe->to);
    if (!row || !column) return Error((row ? to : from) + " is no pod of the lab");
    Answer answer{from, to, protocol, probe->port, {}, {}, {}};
    const bool passes = matrix->cells[*row][*column] == model::Cell::kAllow;
    answer.ingress.opinion = passes ? model::Side::kAllow : model::Side::kDeny;
    answer.ingress.text = passes ? "it connected" : "it did not connect";
    return answer;
  }

 private:
  static std::optional<size_t> index_of(const model::Matrix& matrix, const model::Party& party) {
    const auto* name = std::get_if<model::ObjectName>(&party);
    for (size_t i = 0; name != nullptr && i < matrix.pods.size(); ++i)
      if (matrix.pods[i] == *name) return i;
    return std::nullopt;
  }

  const model::Cluster& cluster_;
  std::map<std::pair<net::Protocol, net::Port>, std::optional<model::Matrix>> matrices_;
};

int print_report(const expect::Report& report, const model::Cluster* cluster, const TestOptions& options) {
  std::string text = options.output == "tap"     ? expect::to_tap(report)
                     : options.output == "junit" ? expect::to_junit(report)
                                                 : expect::to_text(report, use_colour());
  std::fputs(text.c_str(), stdout);
  if (options.coverage && cluster != nullptr) {
    const std::string coverage = expect::to_text(expect::coverage_of(*cluster, report));
    // Beside the other formats it is no part of them.
    std::fputs(coverage.c_str(), options.output == "text" ? stdout : stderr);
  }
  if (std::fflush(stdout) != 0) return fail(kSluicectl, kExitFailed, "test: cannot write to standard output");
  return report.passed() ? kExitDone : kExitDenied;
}

int test_manifests(const TestOptions& options, const std::vector<Expectation>& expectations) {
  auto manifests = read_manifests(kSluicectl, options.manifests,
                                  options.lab ? Wanted::kObjects : Wanted::kWorkloadsToo, options.reading);
  if (!manifests) return kExitUsage;
  const model::Cluster& cluster = manifests->cluster;
  explain::Checker checker(cluster, false);
  LabJudge lab(cluster);
  const expect::Judge judge{[&](const std::string& ns) { return pods_in(cluster, ns); },
                            [&](const std::string& from, const std::string& to, net::Protocol protocol,
                                const std::string& port) -> Result<Answer> {
                              if (options.lab) return lab.check(from, to, protocol, port);
                              const auto probe = probe_of(cluster, from, to, protocol, port);
                              if (!probe) return probe.error();
                              return checker.check(*probe);
                            },
                            [&](const std::string& from, const std::string& name) {
                              return options.lab ? std::vector<std::string>()
                                                 : addresses_of(cluster, from, name);
                            }};
  const int exit = print_report(expect::judge(expectations, judge), &cluster, options);
  return manifests->sound ? exit : kExitUsage;
}

int test_agent(const TestOptions& options, const std::vector<Expectation>& expectations) {
  control::Client client = options.asking.client();
  const auto endpoints = client.endpoints();
  if (!endpoints) return fail(kSluicectl, kExitFailed, endpoints.error().message());
  const expect::Judge judge{[&](const std::string& ns) {
                              std::vector<std::string> names;
                              for (const auto& endpoint : endpoints->endpoints())
                                if (endpoint.namespace_() == ns) names.push_back(ns + "/" + endpoint.pod());
                              return names;
                            },
                            [&](const std::string& from, const std::string& to, net::Protocol protocol,
                                const std::string& port) -> Result<Answer> {
                              v1::CheckRequest request;
                              request.set_from(from);
                              request.set_to(to);
                              request.set_protocol(protocol.to_text());
                              set_port(request, port);
                              const auto reply = client.check(request);
                              if (!reply) return reply.error();
                              return explain::wire::answer_of(*reply);
                            }};
  return print_report(expect::judge(expectations, judge), nullptr, options);
}

int run_test(const TestOptions& options) {
  if (options.lab && options.manifests.empty())
    return fail(kSluicectl, kExitUsage, "--lab: needs --manifests: those that `lab up` was given");
  if (options.coverage && options.manifests.empty())
    return fail(kSluicectl, kExitUsage,
                "--coverage: needs --manifests: an agent knows the rules of its own node alone");
  const auto expectations = read_files(options.files);
  if (!expectations) return kExitUsage;
  return options.manifests.empty() ? test_agent(options, *expectations)
                                   : test_manifests(options, *expectations);
}

}  // namespace

void add_test(Commands& commands) {
  commands.add<TestOptions>(
      "test",
      "What a team expects of its policies: from files, by an agent or in the lab. Exit 3: one is not met",
      [](CLI::App& command, TestOptions& options) {
        command.add_option("files", options.files, "YAML lists of expectations")
            ->type_name("FILE")
            ->required();
        add_manifests_option(command, options.manifests, /*required=*/false);
        add_reading_options(command, options.reading);
        for (const char* option : {"--at", "--names", "--accept-cilium"})
          command.get_option(option)->needs("--manifests");
        add_asking_options(command, options.asking);
        command.add_flag("--lab", options.lab, "By real connections between the pods of `lab up` (root)");
        command.add_flag("--coverage", options.coverage, "Which rules and pairs nothing is expected of");
        add_output_option(command, options.output, {"text", "tap", "junit"});
      },
      run_test);
}

}  // namespace sluice::apps::ctl
