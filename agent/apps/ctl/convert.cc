// sluicectl convert: policies of other engines as NetworkPolicies and ClusterNetworkPolicies.
#include "agent/convert/convert.h"

#include <cstdio>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/read_file.h"
#include "agent/source/encode/object.h"
#include "agent/source/encode/text.h"

namespace sluice::apps::ctl {
namespace {

constexpr size_t kLargestInput = size_t{64} << 20;  // bytes

struct ConvertOptions {
  std::string from;
  bool lossy = false;
  std::vector<std::string> cluster;
};

convert::Dialect dialect_of(const std::string& name) {
  convert::Dialect dialect{};
  for (const auto& [known, value] : convert::kDialects)
    if (known == name) dialect = value;
  return dialect;
}

// One line each on standard error.
void report(const convert::Conversion& conversion, bool lossy) {
  for (const std::string& problem : conversion.problems) fail(kSluicectl, kExitUsage, "convert: " + problem);
  for (const convert::Loss& loss : conversion.losses)
    fail(kSluicectl, kExitUsage,
         (lossy && !loss.opens ? "warning: convert: " : "convert: ") + loss.to_text());
  for (const std::string& remark : conversion.remarks)
    fail(kSluicectl, kExitDone, "warning: convert: " + remark);
}

int run_convert(const ConvertOptions& options) {
  std::vector<net::Cidr> cluster;
  for (const std::string& text : options.cluster) cluster.push_back(*net::Cidr::parse(text));
  const auto bytes = read_file("-", kLargestInput);
  if (!bytes) return fail(kSluicectl, kExitUsage, "convert: " + bytes.error().message());
  const convert::Conversion conversion =
      convert::convert(*bytes, "standard input", dialect_of(options.from), cluster);
  report(conversion, options.lossy);
  if (!conversion.holds(options.lossy))
    return fail(
        kSluicectl, kExitUsage,
        conversion.problems.empty() && !options.lossy
            ? "convert: nothing is written: mend what is named above, or take what allows less with --lossy"
            : "convert: nothing is written: mend what is named above");
  if (conversion.objects.empty())
    return fail(kSluicectl, kExitUsage,
                "convert: standard input holds no policy of " + options.from + ": is --from right?");
  for (const model::Object& object : conversion.objects)
    std::fputs(("---\n" + source::encode::to_yaml_document(source::encode::to_json_object(object))).c_str(),
               stdout);
  if (std::fflush(stdout) != 0) return fail(kSluicectl, kExitFailed, "cannot write to standard output");
  return kExitDone;
}

}  // namespace

void add_convert(Commands& commands) {
  commands.add<ConvertOptions>(
      "convert", "Policies of Cilium, Calico or v1alpha1, from standard input, as those that Sluice reads",
      [](CLI::App& command, ConvertOptions& options) {
        std::vector<std::string> names;
        for (const auto& [name, dialect] : convert::kDialects) names.emplace_back(name);
        command.add_option("--from", options.from, "Whose policies they are")
            ->required()
            ->check(CLI::IsMember(names));
        command.add_flag("--lossy", options.lossy,
                         "Take also what cannot be said whole, where it then allows less; never more");
        command
            .add_option("--cluster", options.cluster,
                        "Prefixes of the cluster's pods, all of them: may be given several times; addresses "
                        "of Nodes and Pods in the input are known beside them")
            ->type_name("CIDR")
            ->allow_extra_args(false)
            ->check(checked_by(net::Cidr::parse));
      },
      run_convert);
}

}  // namespace sluice::apps::ctl
