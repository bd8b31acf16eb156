// sluicectl diff: what opens and what closes between two states of a cluster's manifests.
#include <cstdio>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/apps/table.h"
#include "agent/apps/terminal.h"
#include "agent/base/visible_json.h"
#include "agent/picture/diff_page.h"
#include "agent/rehearse/other_times.h"

namespace sluice::apps::ctl {
namespace {

struct DiffOptions {
  std::vector<std::string> manifests, with;
  std::string output = "text";
  bool exit_code = false;
  Reading reading;
};

std::string table_of(const char* title, const std::vector<rehearse::Change>& changes, bool colour) {
  if (changes.empty()) return std::string(title) + ": nothing\n";
  Table table({"FROM", "TO", "PROTOCOL", "PORTS", "BY"});
  for (const rehearse::Change& change : changes)
    table.add({change.from, change.to, change.share.protocol, change.share.ports,
               change.by.empty() ? "no policy decides it any more" : joined(change.by, 3)});
  return std::string(title) + ": " + std::to_string(changes.size()) + "\n" + table.text(colour);
}

std::string text_of(const rehearse::Changes& changes, const std::string& output) {
  if (output == "json") return base::visible_json(rehearse::to_json(changes));
  if (output == "markdown") return rehearse::to_markdown(changes);
  if (output == "html") return picture::to_html(picture::diff_page(changes));
  const std::string later = changes.at_other_times.empty() ? "" : other_times_text(changes) + "\n";
  if (changes.empty()) return "No connection opens or closes.\n" + later;
  const bool colour = use_colour();
  return table_of("opened", changes.opened, colour) + "\n" + table_of("closed", changes.closed, colour) +
         (later.empty() ? "" : "\n" + later);
}

int run_diff(const DiffOptions& options) {
  auto before = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo, options.reading);
  if (!before) return kExitUsage;
  auto after = read_manifests(kSluicectl, options.with, Wanted::kWorkloadsToo, options.reading);
  if (!after) return kExitUsage;
  after->cluster.resolved = before->cluster.resolved;  // a pipe is read once
  auto changes = rehearse::difference_of(before->cluster, after->cluster);
  changes.at_other_times = rehearse::changed_at_other_times({before->cluster, before->outside.policies},
                                                            {after->cluster, after->outside.policies});
  if (!changes.left_out.empty())
    fail(kSluicectl, kExitDone,
         "warning: diff: pods and workloads of one side alone are left out: " + joined(changes.left_out));
  std::fputs(text_of(changes, options.output).c_str(), stdout);
  if (std::fflush(stdout) != 0) return fail(kSluicectl, kExitFailed, "diff: cannot write it");
  if (!before->sound || !after->sound) return kExitUsage;
  const bool changed = !changes.empty() || !changes.at_other_times.empty();
  return options.exit_code && changed ? kExitDenied : kExitDone;
}

}  // namespace

void add_diff(Commands& commands) {
  commands.add<DiffOptions>(
      "diff", "What opens and what closes between two states of the manifests",
      [](CLI::App& command, DiffOptions& options) {
        add_manifests_option(command, options.manifests);
        command
            .add_option("--with", options.with,
                        "The new state, as whole as the old one: a folder, a file or -")
            ->type_name("DIR|FILE|-")
            ->allow_extra_args(false)
            ->required();
        add_reading_options(command, options.reading);
        add_output_option(command, options.output, {"text", "json", "markdown", "html"});
        command.add_flag("--exit-code", options.exit_code,
                         "Exit 3 where something opens or closes, at other times too");
      },
      run_diff);
}

}  // namespace sluice::apps::ctl
