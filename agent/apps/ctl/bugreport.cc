// sluicectl bugreport: one archive of what the agent and the machine say, for whoever looks into a problem. What it
// asks for is listed here, and nothing else is read: no environment, no token, no object's text, no packet's bytes.
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "agent/apps/ctl/asking.h"
#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/status_text.h"
#include "agent/apps/preflight.h"
#include "agent/apps/terminal.h"
#include "agent/observe/json.h"
#include "agent/observe/record.h"
#include "agent/report/archive.h"
#include "agent/stream/convert.h"

namespace sluice::apps::ctl {
namespace {

namespace fs = std::filesystem;
using base::Result;
using report::Part;

constexpr uint64_t kLastRecords = 1000;
constexpr char kWhatIsNot[] =
    "There are names of pods, namespaces, policies and domains in it, labels and addresses; no environment, "
    "no "
    "token, no Secret\nand no other object's text, no bytes of packets.\n";

struct BugreportOptions {
  Asking asking;
  PreflightOptions preflight;
  std::string output;
  bool list = false;
};

// The agent's answers as text. Once it has not answered it is not asked again.
class Questions {
 public:
  explicit Questions(const Asking& asking) : client_(asking.client()), patience_(asking.patience()) {}

  template <typename Ask, typename Text>
  Result<std::string> ask(Ask ask, Text text) {
    if (gone_) return *gone_;
    auto reply = ask(client_);
    if (!reply) return failed(reply.error());
    return text(*reply);
  }
  Result<std::string> records() {
    if (gone_) return *gone_;
    v1::ObserveRequest request;
    request.set_last(kLastRecords);
    std::string lines;
    const auto take = [&lines](const v1::Flow& flow) {
      lines += observe::json_of(stream::decode(flow)) + "\n";
      return true;
    };
    const auto done = client_.observe(request, take, patience_);
    if (!done) return failed(done.error());
    return lines;
  }

 private:
  base::Error failed(const base::Error& error) {
    using control::CallFailure;
    if (client_.failure() == CallFailure::kUnreachable || client_.failure() == CallFailure::kLate)
      gone_ = error;
    return error;
  }

  control::Client client_;
  const std::chrono::milliseconds patience_;
  std::optional<base::Error> gone_;
};

std::chrono::seconds now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

Result<std::string> versions() {
  utsname kernel{};
  if (::uname(&kernel) != 0) return base::Error::from_errno(errno, "uname");
  std::string text = std::string("sluicectl ") + SLUICE_VERSION + "\nkernel    " + kernel.sysname + " " +
                     kernel.release + " " + kernel.version + " " + kernel.machine + "\n";
  std::ifstream release("/etc/os-release");
  for (std::string line; std::getline(release, line);)
    if (line.starts_with("PRETTY_NAME=")) text += "system    " + line.substr(line.find('=') + 1) + "\n";
  return text;
}

// What is pinned: of maps and programs their names, of TCX links the interface's number.
Result<std::string> pins(const std::string& directory) {
  std::error_code code;
  std::vector<std::string> names;
  for (fs::recursive_directory_iterator at(directory, code), end; !code && at != end; at.increment(code))
    names.push_back(at->path().lexically_relative(directory).string());
  if (code) return base::Error::from_errno(code.value(), "--bpffs " + directory);
  std::ranges::sort(names);
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

std::vector<Part> parts_of(const BugreportOptions& options, Questions& agent) {
  using control::Client;
  const auto json = [](const auto& reply) { return json_text(reply); };
  const auto status_for_people = [](const v1::StatusReply& reply) -> Result<std::string> {
    return status_text(reply, std::chrono::milliseconds(now()).count(), /*colour=*/false);
  };
  const auto text = [](const v1::MetricsReply& reply) -> Result<std::string> { return reply.text(); };
  const auto asked = [&agent](auto call, auto spell) {
    const auto of = [call](Client& client) { return (client.*call)(); };
    return [&agent, of, spell] { return agent.ask(of, spell); };
  };
  const auto preflight = [&options]() -> Result<std::string> {
    return preflight_json(judge(read_node_facts(options.preflight), options.preflight));
  };
  return {
      {"agent/status.txt", "state, problems, last change, drops by reason",
       asked(&Client::status, status_for_people)},
      {"agent/status.json", "the same, whole", asked(&Client::status, json)},
      {"agent/endpoints.json", "pods here: addresses, interfaces, whether attached, counts",
       asked(&Client::endpoints, json)},
      {"agent/policies.json", "names of policies, how many rules, which pods here",
       asked(&Client::policies, json)},
      {"agent/identities.json", "classes of addresses and the selectors they come of",
       asked(&Client::identities, json)},
      {"agent/names.json",
       "names of domains that pods asked for, their addresses, pods whose rules name them",
       asked(&Client::names, json)},
      {"agent/maps.json", "BPF maps: entries, room, memory", asked(&Client::maps, json)},
      {"agent/metrics.txt", "what /metrics says", asked(&Client::metrics, text)},
      {"agent/flows.jsonl",
       "the last " + std::to_string(kLastRecords) + " flow records: who, whom, verdict, why",
       [&agent] { return agent.records(); }},
      {"machine/versions.txt", "sluicectl, kernel, system", versions},
      {"machine/preflight.json", "what this kernel and node have and lack", preflight},
      {"machine/pins.txt",
       "what is pinned below " + options.preflight.bpffs + ": maps, programs, links by interface",
       [&options] { return pins(options.preflight.bpffs); }},
  };
}

// "sluice-bugreport-node-1-20261129T080000Z".
std::string report_name() {
  char host[256] = {}, time[32] = {};
  ::gethostname(host, sizeof host - 1);
  for (char& c : host)
    if (c != '\0' && std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.') c = '_';
  const std::time_t seconds = now().count();
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::strftime(time, sizeof time, "%Y%m%dT%H%M%SZ", &utc);
  return "sluice-bugreport-" + std::string(host) + "-" + time;
}

// Why it cannot be written there, known before anything is read; empty: it may.
std::string output_fault(const std::string& output) {
  if (output == "-")
    return ::isatty(STDOUT_FILENO) == 1 ? "-o -: standard output is a terminal: send it into a file" : "";
  std::error_code ignored;
  return fs::symlink_status(output, ignored).type() == fs::file_type::not_found
             ? ""
             : output + " is there already: name another with -o, or remove it";
}

int run_bugreport(const BugreportOptions& options) {
  const std::string name = report_name();
  const std::string output = options.output.empty() ? name + ".tar.gz" : options.output;
  Questions agent(options.asking);
  const auto parts = parts_of(options, agent);
  const std::string list = (output == "-" ? name + ".tar.gz" : output) +
                           " holds, as far as it can be had:\n" + report::list_text(parts) + kWhatIsNot;
  if (options.list) {
    std::fputs(list.c_str(), stdout);
    return std::fflush(stdout) == 0 ? kExitDone : kExitFailed;
  }
  if (const std::string fault = output_fault(output); !fault.empty())
    return fail(kSluicectl, kExitUsage, "bugreport: " + fault);
  std::fputs(list.c_str(), stderr);
  std::vector<report::ReadPart> read;
  {
    Progress progress("bugreport", parts.size());
    read = report::read_all(parts, [&progress](size_t done) { progress.step(done); });
  }
  const auto written = output == "-" ? report::write_archive(STDOUT_FILENO, name, read, now().count())
                                     : report::write_file(output, name, read, now().count());
  if (!written) return fail(kSluicectl, kExitFailed, "bugreport: " + written.error().message());
  for (const std::string& line : report::missing(read))
    fail(kSluicectl, kExitDone, "bugreport: without " + line);
  std::fprintf(stderr, "%s: %llu bytes\n", output == "-" ? "bugreport" : output.c_str(),
               static_cast<unsigned long long>(*written));
  return kExitDone;
}

}  // namespace

void add_bugreport(Commands& commands) {
  commands.add<BugreportOptions>(
      "bugreport",
      "One archive of what agent and machine say, without secrets; what is in it is listed first",
      [](CLI::App& command, BugreportOptions& options) {
        add_asking_options(command, options.asking);
        command.add_option("--bpffs", options.preflight.bpffs, "Where the agent pins")->type_name("DIR");
        command
            .add_option("--netns-dir", options.preflight.netns_dir, "Network namespaces of this node's pods")
            ->type_name("DIR");
        command
            .add_option("-o,--output", options.output,
                        "The file to make, which must not be there; - for standard output "
                        "[sluice-bugreport-HOST-TIME.tar.gz]")
            ->type_name("FILE.tar.gz");
        command.add_flag("--list", options.list, "Print what would be in it, and write nothing");
      },
      run_bugreport);
}

}  // namespace sluice::apps::ctl
