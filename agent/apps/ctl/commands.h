// The commands of sluicectl, one file a group. Each adds its subcommands to `app` and, when one was chosen,
// is what `run` calls; `run` gives the exit code.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/apps/command_line.h"
#include "agent/model/cluster.h"
#include "agent/model/matrix.h"
#include "agent/model/probe.h"
#include "agent/net/port.h"
#include "agent/picture/page.h"
#include "sluice/v1/control.pb.h"

namespace sluice::apps::ctl {

inline constexpr char kSluicectl[] = "sluicectl";

struct Commands {
  CLI::App& app;
  std::function<int()> run;  // of the command that was chosen

  // A subcommand whose options land in a fresh Options; `run(options)` is called when it is chosen.
  template <typename Options>
  CLI::App* add(const std::string& name, const std::string& help,
                std::function<void(CLI::App&, Options&)> add_options, int (*run_command)(const Options&),
                CLI::App* parent = nullptr) {
    auto options = std::make_shared<Options>();
    CLI::App* command = (parent != nullptr ? parent : &app)->add_subcommand(name, help);
    command->option_defaults()->always_capture_default();
    add_options(*command, *options);
    command->callback(
        [this, options, run_command] { run = [options, run_command] { return run_command(*options); }; });
    return command;
  }
};

void add_eval(Commands& commands);
void add_matrix(Commands& commands);
void add_lint(Commands& commands);
void add_graph(Commands& commands);
void add_agent_commands(Commands& commands);  // sync, status, endpoints, policies, identities, maps
void add_observe(Commands& commands);         // observe, top
void add_check(Commands& commands);
void add_diff(Commands& commands);
void add_test(Commands& commands);
void add_replay(Commands& commands);  // replay, suggest
void add_convert(Commands& commands);
void add_snapshot(Commands& commands);
void add_ui(Commands& commands);
void add_completion(Commands& commands);
void add_lab(Commands& commands);
void add_preflight(Commands& commands);
void add_bugreport(Commands& commands);

// Options that several commands have, spelled once.
void add_manifests_option(CLI::App& command, std::vector<std::string>& manifests, bool required = true);
void add_held_option(CLI::App& command, bool& held);
void add_output_option(CLI::App& command, std::string& output, const std::vector<std::string>& formats);
void add_protocol_option(CLI::App& command, std::string& protocol);

// A destination port as an option gives it: its number, or a name that the destination gives to a port of its own.
bool is_port_number(const std::string& text);
std::string port_fault(const std::string& text);  // why it is neither; empty: it is one of them

// What a matrix is asked of, and how it is printed: of every command that makes one.
struct MatrixQuestion {
  std::vector<std::string> manifests;
  std::string protocol = "TCP", output = "table";
};
void add_matrix_options(CLI::App& command, MatrixQuestion& question);

// A protocol and a port as options give them: a port (1..65535) exactly where the protocol has ports; 0: not
// given.
struct ProtocolAndPort {
  net::Protocol protocol = net::kTcp;
  std::optional<net::Port> port;
};
base::Result<ProtocolAndPort> protocol_and_port(const std::string& protocol, int port);
// The port that the text gives, a number or a name that `to` has; none where it is empty. The text passes port_fault().
base::Result<std::optional<net::Port>> port_of(const model::Cluster& cluster, const model::Party& to,
                                               net::Protocol protocol, const std::string& text);

// The page of a cluster's graph, of these namespaces or all.
base::Result<picture::Page> graph_page_of(const model::Cluster& cluster,
                                          const std::vector<std::string>& namespaces);
// The page of its matrices at these ports, as options give them; none: at every port that a pod names, else at 80.
base::Result<picture::Page> matrix_page_of(const model::Cluster& cluster,
                                           const std::vector<std::string>& ports,
                                           const std::string& protocol);
// What asks whether the connection of a record may be opened; none: it is of no readable IP packet.
std::optional<v1::CheckRequest> question_of(const v1::Flow& flow);

// Prints matrices of the same pods, measured or computed, on standard output. output: "table", "json" or "html"; in a
// page each cell is explained by the cluster, where it is given. False where it could not be written.
bool print_matrices(const std::vector<model::Matrix>& matrices, const std::string& output,
                    const model::Cluster* cluster);

}  // namespace sluice::apps::ctl
