#include "agent/apps/ctl/engines.h"

#include "agent/engine/packet_engine.h"
#include "agent/reference/reference.h"

namespace sluice::apps::ctl {
namespace {

class ReferenceEngine final : public engine::Engine {
 public:
  explicit ReferenceEngine(const model::Cluster& cluster) : reference_(cluster) {}
  base::Result<model::Answer> evaluate(const model::Probe& probe) override {
    return reference_.evaluate(probe);
  }

 private:
  reference::Reference reference_;
};

}  // namespace

std::unique_ptr<engine::Engine> make_engine(const std::string& name, const model::Cluster& cluster) {
  if (name == "reference") return std::make_unique<ReferenceEngine>(cluster);
  const auto runner = name == "bpf" ? engine::make_kernel_runner : engine::make_native_runner;
  return std::make_unique<engine::PacketEngine>(cluster, runner);
}

}  // namespace sluice::apps::ctl
