// sluicectl ui: the pages of graph and matrix, and what is denied as it comes, for a browser of this machine.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "agent/apps/ctl/asking.h"
#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/explain/wire/check_reply.h"
#include "agent/observe/json.h"
#include "agent/stream/convert.h"
#include "agent/times/clock/hours.h"
#include "agent/times/hours.h"
#include "agent/ui/guard.h"
#include "agent/ui/run.h"

namespace sluice::apps::ctl {
namespace {

using base::Result;

constexpr uint64_t kMostFlows = 500;  // in an answer
constexpr int64_t kNanosecondsAMillisecond = 1'000'000;
// A page that asks each second is not to wait for longer.
constexpr std::chrono::milliseconds kFlowPatience{3000};

struct UiOptions {
  Asking asking;
  std::vector<std::string> manifests;
  Reading reading;
  std::string listen = "127.0.0.1:9620";
};

// By the agent, or by the files: read anew each time.
Result<model::Cluster> cluster_of(const UiOptions& options) {
  if (!options.manifests.empty()) {
    auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo, options.reading);
    if (!manifests) return base::Error("--manifests cannot be read: see what sluicectl ui said");
    return std::move(manifests->cluster);
  }
  model::Cluster cluster;
  control::Client client = options.asking.client();
  const auto read = client.snapshot(
      [&cluster](const model::Object& object) { cluster.apply(model::Change::upsert(object)); });
  if (!read) return read.error();
  times::at(cluster, times::clock::now());
  return cluster;
}

Result<std::vector<std::string>> flows_since(const UiOptions& options, int64_t milliseconds) {
  v1::ObserveRequest request;
  request.set_last(kMostFlows);
  request.mutable_filter()->set_since_unix_nanoseconds(
      std::min(milliseconds, INT64_MAX / kNanosecondsAMillisecond) * kNanosecondsAMillisecond);
  std::vector<std::string> flows;
  const auto read = control::Client(options.asking.socket)
                        .observe(
                            request,
                            [&flows](const v1::Flow& flow) {
                              flows.push_back(observe::json_of(stream::decode(flow)));
                              return flows.size() < kMostFlows;
                            },
                            kFlowPatience);
  if (!read) return read.error();
  return flows;
}

Result<ui::Sources::Why> why(const UiOptions& options, const std::string& event) {
  control::Client client = options.asking.client();
  const auto flow = client.event(event);
  if (!flow) return flow.error();
  const auto request = question_of(*flow);
  if (!request) return base::Error("it is of no readable IP packet: there is nothing to ask");
  const auto reply = client.check(*request);
  if (!reply) return reply.error();
  const explain::Answer answer = explain::wire::answer_of(*reply);
  const std::string fix = explain::fixes_yaml(answer);
  // Which stands under the text: nothing need say how to come by it.
  return ui::Sources::Why{explain::to_text(answer, /*colour=*/false, /*mends=*/fix.empty()), fix};
}

ui::Sources sources_of(const UiOptions& options) {
  ui::Sources sources;
  sources.graph = [&options](const std::vector<std::string>& namespaces) -> Result<picture::Page> {
    const auto cluster = cluster_of(options);
    return cluster ? graph_page_of(*cluster, namespaces) : cluster.error();
  };
  sources.matrix = [&options](const std::vector<std::string>& ports,
                              const std::string& protocol) -> Result<picture::Page> {
    const auto cluster = cluster_of(options);
    return cluster ? matrix_page_of(*cluster, ports, protocol) : cluster.error();
  };
  if (!options.manifests.empty()) return sources;
  sources.flows = [&options](int64_t since) { return flows_since(options, since); };
  sources.why = [&options](const std::string& event) { return why(options, event); };
  return sources;
}

int run_ui(const UiOptions& options) {
  const auto at = ui::loopback_endpoint(options.listen);
  if (!at) return fail(kSluicectl, kExitUsage, "ui: --listen: " + at.error().message());
  if (std::ranges::find(options.manifests, "-") != options.manifests.end())
    return fail(kSluicectl, kExitUsage,
                "ui: --manifests -: standard input can be read once, and each page reads anew: give a file");
  const ui::Site site(sources_of(options));
  const auto ran = ui::run(*at, site, [](const std::string& url) {
    std::printf("%s (Ctrl-C ends it)\n", url.c_str());
    std::fflush(stdout);
  });
  if (!ran)
    return fail(kSluicectl, kExitFailed,
                "ui: --listen: " + ran.error().message() + ": give another ADDRESS:PORT");
  return kExitDone;
}

}  // namespace

void add_ui(Commands& commands) {
  commands.add<UiOptions>(
      "ui", "Pages for a browser of this machine: what is denied now and why, the graph, the matrix",
      [](CLI::App& command, UiOptions& options) {
        command.add_option("--listen", options.listen, "Where, on loopback alone")->type_name("ADDRESS:PORT");
        add_asking_options(command, options.asking);
        add_manifests_option(command, options.manifests, /*required=*/false);
        command.get_option("--manifests")->excludes("--socket");
        add_names_option(command, options.reading.names);
        add_accepting_options(command, options.reading.accepting);
        for (const char* option : {"--names", "--accept-cilium"})
          command.get_option(option)->needs("--manifests");
      },
      run_ui);
}

}  // namespace sluice::apps::ctl
