#include "tests/kubeapi/stack.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "agent/convert/acceptance.h"

namespace sluice::kubeapi {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Folder::Folder() {
  std::string name = std::filesystem::temp_directory_path() / "sluice-kubeapi-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(file(name), std::ios::binary) << text;
  return file(name);
}

const Pki& pki() {
  static const Pki made = make_pki();
  return made;
}

Stack::Stack(Options options)
    : api(world, options.pki != nullptr ? *options.pki : pki(), options.api, std::move(options.script)),
      agent(folder.file("agent.sock")),
      log_(base::LogFormat::kText, base::LogLevel::off),
      accepts_cilium_(options.accepts_cilium) {
  server.host = options.api.address;
  server.port = std::to_string(api.port());
  server.ca.data = (options.pki != nullptr ? *options.pki : pki()).ca;
  following.protobuf = options.protobuf;
  following.page_items = options.page_items;
  following.pauses = {milliseconds(2), milliseconds(20), milliseconds(50)};
  following.list_silence = following.watch_silence = milliseconds(300);
  following.watch_lasts = milliseconds(2'000);
}

Stack::~Stack() {
  watcher_.reset();
}

void Stack::start() {
  watcher::WatcherOptions options;
  options.version = "test";
  options.socket = folder.file("agent.sock");
  options.following = following;
  options.translator = translator();
  watcher_ = std::make_unique<watcher::Watcher>(loop_, server, std::move(options), log_);
  watcher_->start();
}

void Stack::stop_watcher() {
  watcher_.reset();
}

void Stack::run_for(milliseconds time) {
  loop_.restart();
  loop_.run_for(time);
}

bool Stack::run_until(const std::function<bool()>& holds, milliseconds deadline) {
  const auto end = steady_clock::now() + deadline;
  while (!holds()) {
    if (steady_clock::now() >= end) return false;
    run_for(milliseconds(2));
  }
  return true;
}

std::unique_ptr<source::decode::Translator> Stack::translator() const {
  if (!accepts_cilium_) return nullptr;
  return std::make_unique<convert::Acceptance>(std::vector{*net::Cidr::parse("10.0.0.0/8")});
}

bool Stack::run_until_equal() {
  const auto fresh = translator();
  const model::Cluster wanted = world.cluster(fresh.get());
  return run_until([&] { return watcher_->not_ready().empty() && agent.cluster() == wanted; });
}

double Stack::metric(const std::string& name, const std::string& part) {
  std::istringstream lines(watcher_->answer_http({"/metrics"}).body);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool named = line.starts_with(name + "{") || line.starts_with(name + " ");
    if (named && line.find(part) != line.npos) sum += std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

bool Stack::told(const std::string& text) const {
  const auto problems = agent.problems();
  return std::any_of(problems.begin(), problems.end(),
                     [&](const std::string& problem) { return problem.find(text) != problem.npos; });
}

}  // namespace sluice::kubeapi
