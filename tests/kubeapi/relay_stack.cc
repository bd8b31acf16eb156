#include "tests/kubeapi/relay_stack.h"

#include <filesystem>
#include <stdexcept>

#include "agent/source/feed/encode.h"
#include "agent/view/trim.h"

namespace sluice::kubeapi {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

source::kube::InformerOptions quick() {
  source::kube::InformerOptions following;
  following.pauses = {milliseconds(2), milliseconds(20), milliseconds(50)};
  following.list_silence = following.watch_silence = milliseconds(3'000);
  following.watch_lasts = milliseconds(20'000);
  return following;
}

}  // namespace

RelayStack::RelayStack(Script script)
    : api(world, pki(), {}, std::move(script)),
      agent(folder.file("agent.sock")),
      log_(base::LogFormat::kText, base::LogLevel::off) {
  server_.host = "127.0.0.1";
  server_.port = std::to_string(api.port());
  server_.ca.data = pki().ca;
}

RelayStack::~RelayStack() {
  fed_.reset();
  relays_.clear();
}

relay::TlsFiles RelayStack::write(const std::string& name, const Identity& identity,
                                  const std::string& ca) const {
  const auto put = [&](const std::string& file, const std::string& text) {
    const std::string draft = folder.write(file + ".draft", text);
    std::filesystem::rename(draft, folder.file(file));
    return folder.file(file);
  };
  return {put(name + ".crt", identity.certificate), put(name + ".key", identity.key), put(name + ".ca", ca)};
}

RelayStack::Running& RelayStack::start_relay(const relay::TlsFiles& files, int port) {
  relays_.push_back(std::make_unique<Running>());
  Running& running = *relays_.back();
  watcher::WatcherOptions options;
  options.version = "test";
  options.following = quick();
  options.audience = [&](const source::kube::Mirror& mirror) {
    auto made = std::make_unique<watcher::RelayAudience>(loop_, relay::Relay::Names{"test", server_.url()},
                                                         mirror, limits);
    running.nodes = made.get();
    return made;
  };
  running.watcher = std::make_unique<watcher::Watcher>(loop_, server_, std::move(options), log_);
  const auto listening =
      running.nodes->listen({"0.0.0.0:" + std::to_string(port), files, node_names, std::chrono::seconds(1)});
  if (!listening) throw std::runtime_error(listening.error().message());
  running.port = running.nodes->port();
  running.watcher->start();
  return running;
}

void RelayStack::start_node(std::optional<relay::TlsFiles> files, bool may_fall_back) {
  watcher::RelayedFeed::Options options;
  options.version = "test";
  options.socket = folder.file("agent.sock");
  options.node = node;
  for (const auto& relay : relays_) options.relays.push_back("127.0.0.1:" + std::to_string(relay->port));
  options.fallback_after = milliseconds(300);
  options.pause_first = milliseconds(10);
  options.pause_longest = milliseconds(100);
  watcher::RelayedFeed::MakeWatcher make_watcher;
  if (may_fall_back)
    make_watcher = [this, socket = options.socket](std::vector<std::string> notes) {
      watcher::WatcherOptions whole;
      whole.version = "test";
      whole.socket = socket;
      whole.following = quick();
      whole.notes = std::move(notes);
      return std::make_unique<watcher::Watcher>(loop_, server_, std::move(whole), log_);
    };
  const relay::TlsFiles used = files ? *files : write("node", pki().node, pki().ca);
  fed_ = std::make_unique<watcher::RelayedFeed>(loop_, std::move(options),
                                                relay::channel_credentials(used, std::chrono::seconds(1)),
                                                std::move(make_watcher), log_);
  fed_->start();
}

void RelayStack::run_for(milliseconds time) {
  loop_.restart();
  loop_.run_for(time);
}

bool RelayStack::run_until(const std::function<bool()>& holds, milliseconds deadline) {
  const auto end = steady_clock::now() + deadline;
  while (!holds()) {
    if (steady_clock::now() >= end) return false;
    run_for(milliseconds(2));
  }
  return true;
}

model::Cluster RelayStack::view() const {
  const model::Cluster whole = world.cluster();
  view::NodeViews views(source::feed::pack, [](const std::string&, const model::ObjectId&) {});
  for (const model::Object& object : whole.objects()) views.apply(model::Change::upsert(object));
  views.follow(node);
  model::Cluster made;
  for (model::Object& object : whole.objects()) {
    switch (views.show(node, model::id_of(object)).form) {
      case view::NodeViews::Form::kNone:
        continue;
      case view::NodeViews::Form::kWhole:
        break;
      case view::NodeViews::Form::kTrimmed:
        if (auto* pod = std::get_if<model::Pod>(&object))
          *pod = view::as_peer(*pod);
        else
          object = view::without_selector(std::get<model::Service>(object));
    }
    made.apply(model::Change::upsert(object));
  }
  return made;
}

bool RelayStack::run_until_equal() {
  const model::Cluster wanted = view();
  return run_until([&] { return fed_->not_ready().empty() && agent.cluster() == wanted; });
}

}  // namespace sluice::kubeapi
