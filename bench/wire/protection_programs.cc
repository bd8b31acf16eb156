#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "agent/compile/compiler.h"
#include "agent/endpoint/node_addresses.h"
#include "agent/image/placement.h"
#include "agent/kernel/attach/attach.h"
#include "agent/kernel/attach/clsact.h"
#include "agent/kernel/attach/tcx.h"
#include "agent/kernel/maps.h"
#include "bench/wire/protection.h"
#include "bench/wire/world.h"

namespace sluice::bench::wire {
namespace {

using base::Error;
using base::Result;
using base::Status;

// What the agent holds, without its loop: an image in force, in maps and programs of its own.
class SluiceProtection final : public Protection {
 public:
  // In the router's namespace.
  static Result<std::unique_ptr<Protection>> install(const Site& site, const model::Cluster& cluster) {
    std::unique_ptr<SluiceProtection> made(new SluiceProtection);
    if (auto opened = made->open(); !opened) return opened.error();
    if (auto put = made->put_in_force(site, cluster); !put) return put.error();
    return std::unique_ptr<Protection>(std::move(made));
  }

  Status forget_connections() override { return maps_->forget_flows(); }
  std::string variant() const override { return kernel::attach::to_text(attacher_->mode()); }

 private:
  Status open() {
    auto programs = kernel::load({});
    if (!programs) return programs.error();
    programs_ = std::make_unique<kernel::Programs>(std::move(*programs));
    auto attacher = kernel::attach::Attacher::create(*programs_, kernel::attach::AttachMode::kAuto);
    if (!attacher) return attacher.error();
    attacher_ = std::make_unique<kernel::attach::Attacher>(std::move(*attacher));
    auto maps = kernel::KernelMaps::open(*programs_);
    if (!maps) return maps.error();
    maps_ = std::make_unique<kernel::KernelMaps>(std::move(*maps));
    return base::done();
  }

  Status put_in_force(const Site& site, const model::Cluster& cluster) {
    std::vector<compile::LocalPod> locals;
    for (const SitePod& pod : site.pods()) locals.push_back({pod.name, pod.router_ifindex});
    auto addresses = endpoint::node_addresses();
    if (!addresses) return addresses.error();
    compile::Compiler compiler(kNodeName);
    auto difference = compiler.update(model::difference({}, cluster), locals, *addresses);
    if (!difference) return difference.error();
    auto contents = maps_->read();
    if (!contents) return contents.error();
    auto back = image::Placement::read(*contents);
    if (!back) return back.error();
    auto plan = back->placement.plan(compiler.image(), *difference);
    if (!plan) return plan.error();
    if (auto put = image::put_in_force(*plan, *maps_); !put) return put;
    for (const SitePod& pod : site.pods())
      if (auto attached = attacher_->attach(pod.router_ifindex); !attached) return attached;
    return image::clean_up(*plan, *maps_);
  }

  // Each points into those before it.
  std::unique_ptr<kernel::Programs> programs_;
  std::unique_ptr<kernel::attach::Attacher> attacher_;
  std::unique_ptr<kernel::KernelMaps> maps_;
};

// "return TC_ACT_UNSPEC": what attaching any program at all costs.
Result<base::Fd> load_empty_program() {
  const bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K,
                            .dst_reg = BPF_REG_0,
                            .src_reg = 0,
                            .off = 0,
                            .imm = TC_ACT_UNSPEC},
                           {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  base::Fd program(
      ::bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "sluice_empty", "GPL", code, std::size(code), nullptr));
  if (!program.valid()) return Error::from_errno(errno, "load the empty program");
  return program;
}

class EmptyProtection final : public Protection {
 public:
  // In the router's namespace.
  static Result<std::unique_ptr<Protection>> install(const Site& site, bool clsact) {
    std::unique_ptr<EmptyProtection> made(new EmptyProtection);
    made->clsact_ = clsact || !kernel::attach::tcx_supported();
    auto program = load_empty_program();
    if (!program) return program.error();
    made->program_ = std::move(*program);
    for (const SitePod& pod : site.pods())
      if (auto attached = made->attach(pod.router_ifindex); !attached) return attached.error();
    return std::unique_ptr<Protection>(std::move(made));
  }

  Status forget_connections() override { return base::done(); }
  std::string variant() const override {
    return kernel::attach::to_text(clsact_ ? kernel::attach::AttachMode::kClsact
                                           : kernel::attach::AttachMode::kTcx);
  }

 private:
  Status attach(uint32_t ifindex) {
    if (clsact_) return kernel::attach::clsact_attach(ifindex, {program_.get(), program_.get()});
    for (const sluice_direction direction : {SLUICE_INGRESS, SLUICE_EGRESS}) {
      auto link = kernel::attach::tcx_attach(ifindex, direction, program_.get());
      if (!link) return link.error();
      links_.push_back(std::move(*link));
    }
    return base::done();
  }

  base::Fd program_;
  std::vector<base::Fd> links_;
  bool clsact_ = false;
};

}  // namespace

Result<std::unique_ptr<Protection>> protect_with_programs(const Site& site, const model::Cluster& cluster) {
  return endpoint::within(site.router(), [&] { return SluiceProtection::install(site, cluster); });
}

Result<std::unique_ptr<Protection>> protect_with_empty_programs(const Site& site, bool clsact) {
  return endpoint::within(site.router(), [&] { return EmptyProtection::install(site, clsact); });
}

}  // namespace sluice::bench::wire
