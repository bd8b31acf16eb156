// sluicectl lint: what a folder of manifests says that its author hardly meant.
#include <algorithm>
#include <cstdio>
#include <set>
#include <tuple>

#include "agent/apps/accepting.h"
#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/apps/terminal.h"
#include "agent/base/visible_json.h"
#include "agent/lint/formats.h"
#include "agent/model/workloads.h"
#include "agent/source/folder/folder.h"

namespace sluice::apps::ctl {
namespace {

using source::folder::FolderContents;

struct LintOptions {
  std::vector<std::string> manifests;
  std::string names;
  std::string output = "text", fail_on = "error";
  Accepting accepting = {};
};

// Where and of what a reader warns: file, document, object, field.
using Subject = std::tuple<std::string, int, model::ObjectName, std::string>;

// What findings say as well; of a kind that is passed over the warning names neither object nor field.
std::set<Subject> said_by_findings(const FolderContents& read) {
  std::set<Subject> said;
  for (const source::WrittenObject& object : read.written) {
    const source::Place& place = object.place;
    if (lint::is_unknown_policy_kind(object)) said.insert({place.origin, place.document, {}, {}});
    for (const source::HostBits& bits : object.host_bits)
      said.insert({place.origin, place.document, object.name, bits.field});
  }
  return said;
}

void print_warnings(const FolderContents& read) {
  const std::set<Subject> said = said_by_findings(read);
  std::vector<source::Warning> unsaid;
  for (const source::Warning& warning : read.warnings) {
    const source::Place& place = warning.place;
    const Subject subject = warning.object
                                ? Subject{place.origin, place.document, warning.object->name, warning.field}
                                : Subject{place.origin, place.document, {}, {}};
    if (!said.contains(subject)) unsaid.push_back(warning);
  }
  print_findings(kSluicectl, kExitDone, "warning: ", unsaid);
}

// Templates become findings; the others are said. `sound`: there are none of those.
std::vector<source::Problem> print_problems(const std::vector<source::Problem>& problems, bool& sound) {
  std::vector<source::Problem> not_rendered, said;
  for (const source::Problem& problem : problems) {
    if (problem.not_rendered)
      not_rendered.push_back(problem);
    else
      said.push_back(problem);
  }
  print_findings(kSluicectl, kExitUsage, "", said);
  sound = said.empty();
  return not_rendered;
}

lint::Input input_of(FolderContents read, std::vector<source::Problem> not_rendered) {
  auto policies = read.cluster.policies;
  auto cluster_policies = read.cluster.cluster_policies;
  lint::Input input{model::with_workloads(std::move(read.cluster), std::move(read.workloads)),
                    std::move(read.written), std::move(not_rendered)};
  input.cluster.policies = std::move(policies);
  input.cluster.cluster_policies = std::move(cluster_policies);
  return input;
}

std::string printed(const std::vector<lint::Finding>& findings, const std::string& output) {
  return output == "json"     ? base::visible_json(lint::to_json(findings))
         : output == "sarif"  ? base::visible_json(lint::to_sarif(findings, SLUICE_VERSION))
         : output == "github" ? lint::to_github(findings)
                              : lint::to_text(findings, use_colour());
}

int run_lint(const LintOptions& options) {
  if (std::count(options.manifests.begin(), options.manifests.end(), "-") > 1)
    return fail(kSluicectl, kExitUsage, "--manifests: standard input is given twice: it can be read once");
  auto resolved = read_resolved(options.names);
  if (!resolved) return fail(kSluicectl, kExitUsage, resolved.error().message());
  const auto translator = translator_of(options.accepting);
  auto read =
      source::folder::read_manifests(options.manifests, source::decode::Wanted::kAsWritten, translator.get());
  if (!read) return fail(kSluicectl, kExitUsage, "--manifests: " + read.error().message());
  read->cluster.resolved = *std::move(resolved);
  bool sound = true;
  auto not_rendered = print_problems(read->problems, sound);
  print_warnings(*read);
  const lint::Outcome outcome = lint::lint(input_of(*std::move(read), std::move(not_rendered)));
  for (const source::Warning& warning : outcome.warnings)
    fail(kSluicectl, kExitDone, "warning: " + warning.to_text());
  std::fputs(printed(outcome.findings, options.output).c_str(), stdout);
  if (std::fflush(stdout) != 0) return fail(kSluicectl, kExitFailed, "lint: cannot write what was found");
  if (!sound) return kExitUsage;
  const auto least = lint::level_of(options.fail_on);
  const bool found =
      std::any_of(outcome.findings.begin(), outcome.findings.end(),
                  [&](const lint::Finding& one) { return lint::facts_of(one.rule).level >= least; });
  return found ? kExitFound : kExitDone;
}

// The rules, for --help.
std::string rules_text() {
  size_t width = 0;
  for (const lint::RuleFacts& facts : lint::kRules) width = std::max(width, facts.id.size());
  std::string text = "Rules (docs/lint has a page for each):\n";
  for (const lint::RuleFacts& facts : lint::kRules)
    text += "  " + std::string(facts.id) + std::string(width + 2 - facts.id.size(), ' ') +
            std::string(lint::to_text(facts.level)) +
            std::string(9 - lint::to_text(facts.level).size(), ' ') + std::string(facts.summary) + "\n";
  return text + "sluice.dev/lint-ignore: \"RULE: reason\" on an object silences a rule there.";
}

}  // namespace

void add_lint(Commands& commands) {
  commands
      .add<LintOptions>(
          "lint",
          "What policies say that their author hardly meant, offline; exit 3 where something was found",
          [](CLI::App& command, LintOptions& options) {
            add_manifests_option(command, options.manifests);
            add_names_option(command, options.names);
            add_accepting_options(command, options.accepting);
            add_output_option(command, options.output, {"text", "json", "sarif", "github"});
            command.add_option("--fail-on", options.fail_on, "The least level that makes the exit code 3")
                ->check(CLI::IsMember({"error", "warning", "info"}));
          },
          run_lint)
      ->footer(rules_text());
}

}  // namespace sluice::apps::ctl
