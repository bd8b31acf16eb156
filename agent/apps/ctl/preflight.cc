// sluicectl preflight: can an agent run here? Needs none; as root it says all, elsewhere what it lacks.
#include "agent/apps/preflight.h"
#include "agent/apps/ctl/commands.h"

namespace sluice::apps::ctl {
namespace {

struct Options {
  PreflightOptions preflight;
  std::string attach = "auto";
};

int run(const Options& options) {
  PreflightOptions preflight = options.preflight;
  preflight.attach = kernel::attach::parse_attach_mode(options.attach).value();
  return run_preflight(preflight);
}

}  // namespace

void add_preflight(Commands& commands) {
  commands.add<Options>(
      "preflight", "Can an agent run on this kernel and node? Exit 0: yes, 1: no",
      [](CLI::App& command, Options& options) {
        command.add_option("--bpffs", options.preflight.bpffs, "Where the agent pins")->type_name("DIR");
        command
            .add_option("--netns-dir", options.preflight.netns_dir, "Network namespaces of this node's pods")
            ->type_name("DIR");
        command.add_option("--attach", options.attach, "How programs are attached: auto, tcx or clsact")
            ->check(checked_by(kernel::attach::parse_attach_mode));
        command.add_option("--cni-conf-dir", options.preflight.cni_conf_dir, "The runtime's configurations")
            ->type_name("DIR");
        command.add_option("--cni-bin-dir", options.preflight.cni_bin_dir, "The runtime's plugins")
            ->type_name("DIR");
        add_output_option(command, options.preflight.output, {"table", "json"});
      },
      run);
}

}  // namespace sluice::apps::ctl
