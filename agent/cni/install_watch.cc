#include "agent/cni/install_watch.h"

#include <poll.h>
#include <sys/inotify.h>

#include <array>

#include "agent/endpoint/dir_watch.h"

namespace sluice::cni {
namespace {

enum class Woken { kStopped, kNews, kTime };

Woken wait(int news, int stop, std::chrono::milliseconds patience) {
  std::array<pollfd, 2> fds{{{stop, POLLIN, 0}, {news, POLLIN, 0}}};
  if (::poll(fds.data(), fds.size(), static_cast<int>(patience.count())) <= 0) return Woken::kTime;
  return fds[0].revents != 0 ? Woken::kStopped : Woken::kNews;
}

// Until the directory or the agent has news, or it is time to look again in any case.
Woken wait_for_news(const NodeFiles& node, const AgentState& agent, int news, int stop) {
  if (node.followed_agent.empty()) return wait(news, stop, kLookAgain);
  for (auto left = kLookAgain; left.count() > 0; left -= kAskAgain) {
    const Woken woken = wait(news, stop, kAskAgain);
    if (woken != Woken::kTime || followed_state(node) != agent) return woken;
  }
  return Woken::kTime;
}

// Takes news off until there were none for kQuiet.
base::Status wait_until_quiet(endpoint::DirWatch& directory, int stop) {
  const auto latest = std::chrono::steady_clock::now() + kQuietLongest;
  do {
    if (auto renewed = directory.renew(); !renewed) return renewed;
  } while (wait(directory.fd(), stop, kQuiet) == Woken::kNews && std::chrono::steady_clock::now() < latest);
  return base::done();
}

}  // namespace

base::Status watch(const NodeFiles& node, const Entry& entry, int stop, const Report& report) {
  auto directory = endpoint::DirWatch::open(node.conf_dir, IN_CLOSE_WRITE);
  if (!directory) return directory.error();
  std::string problem;
  AgentState agent;
  const auto decide = [&](const Survey& survey) {
    agent = survey.agent;
    return decide_install(survey, node, entry);
  };
  for (;;) {
    const auto done = carry_out(node, decide);
    if (done && !done->change.empty()) report(done->change);
    const std::string now = done ? done->problem : explained(done.error());
    if (now != problem && !now.empty()) report(now);
    if (now != problem && now.empty()) report(node.configuration() + ": in place");
    problem = now;
    const Woken woken = wait_for_news(node, agent, directory->fd(), stop);
    if (woken == Woken::kStopped) return base::done();
    if (woken == Woken::kNews)
      if (auto quiet = wait_until_quiet(*directory, stop); !quiet) return quiet;
  }
}

}  // namespace sluice::cni
