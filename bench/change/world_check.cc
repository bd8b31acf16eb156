#include "bench/change/world_check.h"

#include <linux/pkt_cls.h>

#include "agent/kernel/test_run.h"
#include "agent/packet/build.h"
#include "agent/reference/reference.h"
#include "tests/oracle/random.h"

namespace sluice::bench {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr uint32_t kTestInterface = 1;  // lo: test runs need one that exists

struct Question {
  uint32_t local = 0;  // number of the local pod
  sluice_direction direction = SLUICE_INGRESS;
  model::Probe probe;
};

net::Port draw_port(oracle::Random& random) {
  const auto near = static_cast<uint16_t>(8000 + random.below(200));
  return net::Port::from_host(random.pick<uint16_t>({53, 80, 443, 5432, 7000, 8080, 8081, 9090, near}));
}

Question draw(const Chain& chain, const Size& size, oracle::Random& random) {
  Question question;
  question.local = static_cast<uint32_t>(random.below(size.local));
  question.direction = random.chance(50) ? SLUICE_EGRESS : SLUICE_INGRESS;
  const model::Party own = pod_at(size, local_pod(size, question.local)).name;
  const auto some_pod = static_cast<uint32_t>(random.below(size.pods));
  model::Party other = pod_at(size, some_pod).name;
  if (random.chance(20)) {  // the namespace's own pods are what most rules are about
    const uint32_t ns = local_pod(size, question.local) / kPodsPerNamespace;
    other = pod_at(size, ns * kPodsPerNamespace + some_pod % kPodsPerNamespace).name;
  } else if (random.chance(15)) {
    const auto byte = static_cast<uint8_t>(random.below(256));
    other = net::Ip::from_bytes(std::array<uint8_t, 4>{203, byte, static_cast<uint8_t>(random.below(256)), 1})
                .value();
  } else if (question.direction == SLUICE_EGRESS && random.chance(15)) {
    other = chain.compiler()
                .cluster()
                .services.at(service_at(size, some_pod / kPodsPerService).name)
                .addresses.front();
  }
  const bool sends = question.direction == SLUICE_EGRESS;
  question.probe = {sends ? own : other, sends ? other : own, net::Family::kIpv4,
                    random.chance(85) ? net::kTcp : net::kUdp, draw_port(random)};
  return question;
}

class Asking {
 public:
  explicit Asking(Chain& chain)
      : chain_(chain), addresses_(chain.compiler().cluster()), reference_(chain.compiler().cluster()) {}

  Status ask(const Size& size, const Question& question) {
    auto wanted = reference_.evaluate(question.probe);
    if (!wanted) return wanted.error();
    const model::Side side = question.direction == SLUICE_EGRESS ? wanted->egress : wanted->ingress;
    auto passes = send(size, question);
    if (!passes) return passes.error();
    if (*passes == (side != model::Side::kDeny)) return base::done();
    return Error(model::to_text(question.probe) + ": the reference engine says " +
                 std::string(model::to_text(side)) + ", the programs let it " +
                 (*passes ? "pass" : "not pass"));
  }
  Status leave() { return chain_.maps().maps().store(image::InterfaceWrite{kTestInterface, -1}); }

 private:
  Result<bool> send(const Size& size, const Question& question) {
    auto resolved = model::resolve(chain_.compiler().cluster(), addresses_, question.probe);
    if (!resolved) return resolved.error();
    const model::Pod& pod = chain_.compiler().cluster().pods.at(local_at(size, question.local).name);
    const auto id = chain_.placement().id_of(compile::endpoint_id(pod));
    if (!id) return Error("pod " + pod.name.to_text() + ": not in the maps");
    if (Status there = chain_.maps().maps().store(image::InterfaceWrite{kTestInterface, *id}); !there)
      return there.error();
    const packet::Bytes frame = packet::build(
        packet::opening(resolved->from.ip, resolved->to.ip, resolved->protocol, *resolved->port));
    auto run = kernel::test_run(chain_.maps().programs(), question.direction, frame);
    if (!run) return run.error();
    return run->verdict != TC_ACT_SHOT;
  }

  Chain& chain_;
  model::PodAddresses addresses_;
  reference::Reference reference_;
};

}  // namespace

Status check_image(Chain& chain, const std::vector<compile::LocalPod>& locals) {
  const image::Image& image = chain.compiler().image();
  auto fresh = compile::try_compile({chain.compiler().cluster(), kNode, {}, locals});
  if (!fresh) return fresh.error();
  if (*fresh != image)
    return Error("after the changes the image differs from a fresh compile in " +
                 std::to_string(image::difference(image, *fresh).entries()) + " entries");
  auto contents = chain.maps().maps().read();
  if (!contents) return contents.error();
  auto back = image::Placement::read(*contents);
  if (!back) return back.error();
  if (back->image == image) return base::done();
  return Error("the maps differ from the image in " +
               std::to_string(image::difference(image, back->image).entries()) + " entries");
}

Result<uint64_t> check_verdicts(Chain& chain, const Size& size, uint64_t seed, uint32_t count) {
  oracle::Random random(seed);
  Asking asking(chain);
  for (uint32_t i = 0; i < count; ++i)
    if (Status agreed = asking.ask(size, draw(chain, size, random)); !agreed) return agreed.error();
  if (Status left = asking.leave(); !left) return left.error();
  return count;
}

}  // namespace sluice::bench
