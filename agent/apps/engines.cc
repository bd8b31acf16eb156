#include "agent/apps/engines.h"

#include "agent/control/packet_engine.h"
#include "tests/oracle/reference.h"

namespace sluice::apps {
namespace {

class ReferenceEngine final : public control::Engine {
 public:
  explicit ReferenceEngine(const model::Cluster& cluster) : reference_(cluster) {}
  base::Result<model::Answer> evaluate(const model::Probe& probe) override {
    return reference_.evaluate(probe);
  }

 private:
  oracle::Reference reference_;
};

}  // namespace

std::unique_ptr<control::Engine> make_engine(const std::string& name, const model::Cluster& cluster) {
  if (name == "reference") return std::make_unique<ReferenceEngine>(cluster);
  const auto runner = name == "bpf" ? control::make_kernel_runner : control::make_native_runner;
  return std::make_unique<control::PacketEngine>(cluster, runner);
}

}  // namespace sluice::apps
