#include "bench/wire/agreement.h"

#include <algorithm>

#include "agent/lab/attempts.h"
#include "agent/reference/reference.h"
#include "bench/wire/world.h"

namespace sluice::bench::wire {
namespace {

using base::Error;
using base::Result;
using base::Status;
using lab::Flow;

struct Question {
  net::Protocol protocol;
  net::Port port;
};

constexpr Question kQuestions[] = {{net::kTcp, net::Port::from_host(kPort)},
                                   {net::kTcp, net::Port::from_host(kOtherPort)},
                                   {net::kUdp, net::Port::from_host(kPort)},
                                   {net::kUdp, net::Port::from_host(kOtherPort)}};

// Which pods reach which, by from * pods + to. A pod and itself are not asked about: no packet leaves it.
using Cells = std::vector<bool>;

Result<Cells> expected(const Site& site, const reference::Reference& reference, const Question& question) {
  Cells cells;
  for (const SitePod& from : site.pods())
    for (const SitePod& to : site.pods()) {
      if (from.name == to.name) {
        cells.push_back(false);
        continue;
      }
      auto answer = reference.evaluate({from.name, to.name, {}, question.protocol, question.port});
      if (!answer) return answer.error();
      cells.push_back(answer->verdict() == model::Verdict::kAllow);
    }
  return cells;
}

Result<Cells> measured(const Site& site, const Question& question, std::chrono::milliseconds patience) {
  auto attempts = lab::Attempts::open(question.protocol, question.port);
  if (!attempts) return attempts.error();
  const size_t pods = site.pods().size();
  for (const SitePod& pod : site.pods())
    if (auto listening = attempts->listen(pod.netns, pod.ip); !listening) return listening.error();
  for (size_t from = 0; from < pods; ++from) {
    std::vector<Flow> flows;
    for (size_t to = 0; to < pods; ++to)
      if (to != from) flows.push_back({from, to, site.pod(from).ip, site.pod(to).ip});
    if (auto started = attempts->start(site.pod(from).netns, flows); !started) return started.error();
  }
  auto open = attempts->finish(patience);
  if (!open) return open.error();
  Cells cells(pods * pods);
  for (const Flow& flow : *open) cells[flow.from * pods + flow.to] = true;
  return cells;
}

bool opens_forbidden(const Cells& want, const Cells& have) {
  for (size_t i = 0; i < want.size(); ++i)
    if (have[i] && !want[i]) return true;
  return false;
}

std::string difference_text(const Site& site, const Question& question, const Cells& want,
                            const Cells& have) {
  const size_t pods = site.pods().size();
  std::string text;
  for (size_t i = 0; i < want.size() && text.size() < 400; ++i)
    if (want[i] != have[i])
      text += (text.empty() ? "" : "; ") + site.pod(i / pods).name.to_text() + " to " +
              site.pod(i % pods).name.to_text() + " " + question.protocol.to_text() + "/" +
              std::to_string(question.port.host()) +
              (have[i] ? " opens, and must not" : " does not open, and must");
  return text;
}

Status check(const Site& site, const reference::Reference& reference, const Question& question) {
  auto want = expected(site, reference, question);
  if (!want) return want.error();
  auto have = measured(site, question, kFirstTry);
  if (have && *have != *want && !opens_forbidden(*want, *have)) have = measured(site, question, kSecondTry);
  if (!have) return have.error();
  if (*have == *want) return base::done();
  return Error("disagrees with the reference engine: " + difference_text(site, question, *want, *have));
}

}  // namespace

Result<size_t> check_agreement(const Site& site, const model::Cluster& cluster) {
  const reference::Reference reference(cluster);
  for (const Question& question : kQuestions)
    if (auto agreed = check(site, reference, question); !agreed) return agreed.error();
  return site.pods().size() * (site.pods().size() - 1) * std::size(kQuestions);
}

}  // namespace sluice::bench::wire
