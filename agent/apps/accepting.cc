#include "agent/apps/accepting.h"

#include "agent/convert/acceptance.h"

namespace sluice::apps {

void add_accepting_options(CLI::App& command, Accepting& accepting) {
  CLI::Option* accept = command.add_flag(
      "--accept-cilium", accepting.cilium,
      "Take CiliumNetworkPolicies and CiliumClusterwideNetworkPolicies as what convert makes of them; what "
      "cannot be said allows less, and is said");
  command
      .add_option(
          "--cluster", accepting.cluster,
          "Prefixes of the cluster's pods, all of them, for --accept-cilium: separated by commas, or given "
          "several times")
      ->type_name("CIDR")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->check(checked_by(net::Cidr::parse))
      ->needs(accept);
}

std::unique_ptr<source::decode::Translator> translator_of(const Accepting& accepting) {
  if (!accepting.cilium) return nullptr;
  std::vector<net::Cidr> cluster;
  for (const std::string& text : accepting.cluster) cluster.push_back(*net::Cidr::parse(text));
  return std::make_unique<convert::Acceptance>(std::move(cluster));
}

}  // namespace sluice::apps
