#include "agent/apps/hold_new.h"

#include <poll.h>
#include <sys/stat.h>

#include <memory>
#include <set>

#include "agent/endpoint/watch.h"
#include "agent/kernel/bpffs.h"
#include "agent/node/interfaces.h"
#include "agent/serve/socket_path.h"

namespace sluice::apps {
namespace {

using base::Error;
using base::Result;
using base::Status;

// Programs of the maps that the last agent left. Loaded while nobody needs them, since that takes its time.
struct HeldPrograms {
  kernel::Programs programs;
  ino_t made_of = 0;  // the pin of a map

  static Result<std::unique_ptr<HeldPrograms>> load(const std::filesystem::path& bpffs) {
    if (auto ready = kernel::ensure_bpffs(bpffs); !ready) return ready.error();
    kernel::LoadOptions options;
    options.pin_dir = bpffs;
    options.look_only = true;
    auto programs = kernel::load(options);
    if (!programs) return programs.error();
    return std::make_unique<HeldPrograms>(HeldPrograms{std::move(*programs), pin_now(bpffs)});
  }
  // What tells the maps that are pinned from those of another agent; 0: none are.
  static ino_t pin_now(const std::filesystem::path& bpffs) {
    struct stat pin {};
    return ::stat((kernel::maps_dir(bpffs) / "config").c_str(), &pin) == 0 ? pin.st_ino : 0;
  }
};

class Holder {
 public:
  Holder(const HoldOptions& options, const base::Log& log) : options_(options), log_(log) {}

  Status look() {
    auto alive = serve::agent_listens(options_.socket);
    if (!alive) return alive.error();
    if (auto loaded = keep_loaded(*alive); !loaded) return loaded;
    if (*alive) return base::done();
    auto discovery = endpoint::discover(options_.netns_dir);
    if (!discovery) return discovery.error();
    return hold(*discovery);
  }

 private:
  // Also while an agent is there, so that nothing has to be loaded once it has gone.
  Status keep_loaded(bool alive) {
    const ino_t now = HeldPrograms::pin_now(options_.bpffs);
    if (held_ ? held_->made_of == now : alive && now == 0) return base::done();
    auto loaded = HeldPrograms::load(options_.bpffs);
    if (!loaded) return loaded.error();
    held_ = std::move(*loaded);
    return base::done();
  }
  Status hold(const endpoint::Discovery& discovery) {
    const auto wanted = node::may_be_pods(discovery);
    if (wanted.empty()) return base::done();
    // An agent that starts meanwhile waits for the moment that this takes.
    auto lock = kernel::lock_bpffs(options_.bpffs);
    if (!lock) return base::done();  // there is one: it has them
    auto attacher = kernel::attach::Attacher::create(held_->programs, options_.attach);
    if (!attacher) return attacher.error();
    auto attached = attacher->attached();
    if (!attached) return attached.error();
    std::set<uint32_t> carrying;
    for (const auto& attachment : *attached) carrying.insert(attachment.ifindex);
    for (const uint32_t ifindex : wanted) {
      if (carrying.contains(ifindex)) continue;
      if (auto held = attacher->attach(ifindex); !held) return held;
      const auto interface = discovery.host_interfaces.find(static_cast<int>(ifindex));
      log_.info("interface_held",
                {{"interface", interface == discovery.host_interfaces.end() ? std::to_string(ifindex)
                                                                            : interface->second}});
    }
    return base::done();
  }

  const HoldOptions& options_;
  const base::Log& log_;
  std::unique_ptr<HeldPrograms> held_;
};

}  // namespace

Error hold_new(const HoldOptions& options, const base::Log& log) {
  auto watch = endpoint::EndpointWatch::open(options.netns_dir);
  if (!watch) return watch.error();
  Holder holder(options, log);
  std::string said;
  for (;;) {
    const auto news = watch->drain();
    const Status looked = holder.look();
    const std::string wrong = !news ? news.error().message() : looked ? "" : looked.error().message();
    if (!wrong.empty() && wrong != said) log.error("not_held", {{"error", wrong}});
    said = wrong;
    pollfd waiting{watch->fd(), POLLIN, 0};
    // What cannot be drained would be readable for ever.
    (void)::poll(&waiting, news ? 1 : 0, static_cast<int>(kLookForAgent.count()));
  }
}

}  // namespace sluice::apps
