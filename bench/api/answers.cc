#include "bench/api/answers.h"

#include "agent/control/client.h"
#include "agent/endpoint/discover.h"
#include "agent/endpoint/match.h"
#include "agent/endpoint/node_addresses.h"
#include "agent/image/placement.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/maps.h"
#include "agent/reference/reference.h"
#include "bench/api/stand.h"
#include "tests/oracle/random.h"

namespace sluice::bench::api {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr char kBpffs[] = "/sys/fs/bpf/sluice", kNetnsDir[] = "/run/netns";

Result<image::Image> image_in_force() {
  const auto programs = kernel::look_at(kBpffs);
  if (!programs) return programs.error();
  auto contents = kernel::read_pinned(*programs);
  if (!contents) return contents.error();
  auto back = image::Placement::read(*contents);
  if (!back) return back.error();
  return std::move(back->image);
}

Result<image::Image> image_wanted(const model::Cluster& cluster, const std::string& node) {
  auto discovery = endpoint::discover(kNetnsDir);
  if (!discovery) return discovery.error();
  auto addresses = endpoint::node_addresses();
  if (!addresses) return addresses.error();
  std::vector<compile::LocalPod> locals;
  for (const auto& pod : endpoint::match(discovery->found, cluster).pods)
    locals.push_back({pod.name, static_cast<uint32_t>(pod.host_ifindex)});
  return compile::try_compile({cluster, node, *addresses, locals});
}

model::Probe draw(const Size& size, oracle::Random& random) {
  const auto own_number = static_cast<uint32_t>(random.below(size.local));
  const model::Pod own = pod_at(size, local_pod(size, own_number));
  const auto any = static_cast<uint32_t>(random.below(size.pods));
  const uint32_t ns = local_pod(size, own_number) / kPodsPerNamespace;
  const uint32_t peer = random.chance(40) ? ns * kPodsPerNamespace + any % kPodsPerNamespace : any;
  const model::Party other = random.chance(20) && any / kPodsPerService < size.pods / kPodsPerService
                                 ? model::Party(service_at(size, any / kPodsPerService).addresses.front())
                                 : model::Party(pod_at(size, peer).name);
  const bool sends = random.chance(50) || std::holds_alternative<net::Ip>(other);
  const auto port = net::Port::from_host(random.pick<uint16_t>({53, 80, 443, 7000, 8000, 8080, 8081, 9090}));
  const model::Party mine = own.name;
  return {sends ? mine : other, sends ? other : mine, net::Family::kIpv4,
          random.chance(85) ? net::kTcp : net::kUdp, port};
}

}  // namespace

Status check_maps(const model::Cluster& cluster, const std::string& node) {
  auto wanted = image_wanted(cluster, node);
  if (!wanted) return wanted.error();
  auto held = image_in_force();
  if (!held) return held.error();
  if (wanted->endpoints.empty()) return Error("no local pod was found");
  if (*held == *wanted) return base::done();
  return Error("what is in force differs from a fresh compile in " +
               std::to_string(image::difference(*wanted, *held).entries()) + " entries");
}

Status check_answers(const model::Cluster& cluster, const Size& size, uint64_t seed, uint32_t count) {
  oracle::Random random(seed);
  const reference::Reference reference(cluster);
  control::Client client(kAgentSocket);
  for (uint32_t i = 0; i < count; ++i) {
    const model::Probe probe = draw(size, random);
    auto wanted = reference.evaluate(probe);
    if (!wanted) return wanted.error();
    v1::CheckRequest request;
    request.set_from(model::to_text(probe.from));
    request.set_to(model::to_text(probe.to));
    request.set_protocol(probe.protocol.to_text());
    request.set_port(probe.port->host());
    request.set_family("IPv4");
    auto answer = client.check(request);
    if (!answer) return answer.error();
    // The far side is another agent's to know.
    for (const auto& [side, opinion] :
         {std::pair(&answer->egress(), wanted->egress), {&answer->ingress(), wanted->ingress}})
      if (!side->elsewhere() && side->opinion() != model::to_text(opinion))
        return Error(model::to_text(probe) + ": the agent says " + side->opinion() +
                     ", the reference engine " + std::string(model::to_text(opinion)));
  }
  return base::done();
}

}  // namespace sluice::bench::api
