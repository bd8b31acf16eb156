#include "tests/differential/agreement.h"

#include <algorithm>
#include <functional>
#include <iostream>

#include "agent/reference/reference.h"
#include "tests/oracle/shrink.h"
#include "tests/oracle/text.h"

namespace sluice::differential {
namespace {

using base::Result;
using model::Cluster;
using reference::Echo;
using reference::Echoes;
using reference::Sending;

// A question and its two answers, for people.
struct Disagreement {
  std::string question, reference, engine;
};
// The first one; of the questions as a whole, or of the one that differed.
using Found = Result<std::optional<Disagreement>>;
using Compare = std::function<Found(const Cluster&)>;

std::string sides(const std::optional<model::Answer>& answer) {
  if (!answer) return "no answer";
  return "egress " + std::string(to_text(answer->egress)) + ", ingress " +
         std::string(to_text(answer->ingress));
}

Found compare(const Cluster& cluster, const std::vector<model::Probe>& probes, SwitchingEngine& engine,
              size_t& at) {
  const reference::Reference reference(cluster);
  auto answers = engine.evaluate(cluster, probes);
  if (!answers) return answers.error();
  for (at = 0; at < probes.size(); ++at) {
    std::optional<model::Answer> expected;
    if (auto answer = reference.evaluate(probes[at])) expected = *answer;
    const std::string wanted = sides(expected), got = sides((*answers)[at]);
    if (wanted != got) return std::optional(Disagreement{oracle::to_json(probes[at]), wanted, got});
  }
  return std::optional<Disagreement>();
}

std::string to_text(const Sending& sending) {
  std::string text = sending.pod.to_text() + " as " + sending.source.to_text() + " -> " +
                     sending.to.to_text() + " " + sending.protocol.to_text();
  return sending.port ? text + "/" + std::to_string(sending.port->host()) : text;
}

Found compare(const Cluster& cluster, const std::vector<Sending>& sendings, SwitchingEngine& engine,
              size_t& at) {
  const reference::Reference reference(cluster);
  auto verdicts = engine.evaluate(cluster, sendings);
  if (!verdicts) return verdicts.error();
  for (at = 0; at < sendings.size(); ++at) {
    const model::Verdict wanted = reference.evaluate(sendings[at]), got = (*verdicts)[at];
    if (wanted != got)
      return std::optional(Disagreement{to_text(sendings[at]), std::string(model::to_text(wanted)),
                                        std::string(model::to_text(got))});
  }
  return std::optional<Disagreement>();
}

std::string to_text(const Echo& echo) {
  constexpr const char* kKinds[] = {"request", "reply", "other ICMP"};
  const bool leaves = echo.direction == model::Direction::kEgress;
  return echo.pod.to_text() + " " + echo.own.to_text() + (leaves ? " -> " : " <- ") + echo.far.to_text() +
         " " + kKinds[static_cast<size_t>(echo.kind)] + " " + std::to_string(echo.identifier);
}

std::string to_text(const Echoes& echoes) {
  std::string text;
  for (const Echo& echo : echoes.before) text += "\n    " + to_text(echo);
  for (const model::Change& change : echoes.changes) {
    Cluster alone;
    alone.apply(change);
    text += "\n    " + change.id().to_text() + (change.is_removal() ? " is removed" : " becomes\n") +
            oracle::to_yaml(alone);
  }
  for (const Echo& echo : echoes.after) text += "\n    " + to_text(echo);
  return text;
}

Found compare(const Cluster& cluster, const Echoes& echoes, SwitchingEngine& engine, size_t& at) {
  const auto wanted = reference::evaluate(cluster, echoes);
  auto got = engine.evaluate(cluster, echoes);
  if (!got) return got.error();
  const auto differs = std::mismatch(wanted.begin(), wanted.end(), got->begin());
  if (differs.first == wanted.end()) return std::optional<Disagreement>();
  at = static_cast<size_t>(differs.first - wanted.begin());
  return std::optional(Disagreement{
      to_text(echoes), "packet " + std::to_string(at + 1) + " " + std::string(model::to_text(*differs.first)),
      std::string(model::to_text(*differs.second))});
}

bool shows(const Found& found) {
  return found.ok() && found->has_value();
}

// `again` compares what differed once more.
void report(const Round& round, const SwitchingEngine& engine, const Compare& again) {
  const Cluster small = oracle::shrink(
      round.cluster, [&](const Cluster& candidate) { return shows(again(candidate)); }, 2000);
  const Found found = again(small);
  if (!shows(found)) return;
  std::cout << "DISAGREEMENT seed " << round.seed << ", engine " << engine.name() << "\n  asked     "
            << (*found)->question << "\n  reference " << (*found)->reference << "\n  " << engine.name()
            << "    " << (*found)->engine << "\nsmallest cluster that shows it:\n"
            << oracle::to_yaml(small) << std::flush;
}

bool takes_part(const Cluster& cluster, const model::ObjectName& name) {
  const auto pod = cluster.pods.find(name);
  return pod != cluster.pods.end() && !model::PodAddresses(cluster).owned_by(pod->second).empty();
}

// Each packet's pod is there when it comes, where it was and with its address.
bool can_cross(const Cluster& cluster, const Echoes& echoes) {
  Cluster later = cluster;
  for (const model::Change& change : echoes.changes) later.apply(change);
  const model::PodAddresses addresses(cluster), later_addresses(later);
  const auto has = [](const model::PodAddresses& owners, const Echo& echo) {
    const model::Pod* owner = owners.owner(echo.own);
    return owner != nullptr && owner->name == echo.pod;
  };
  const auto stays = [&](const Echo& echo) {
    return has(addresses, echo) && has(later_addresses, echo) &&
           cluster.pods.at(echo.pod).uid == later.pods.at(echo.pod).uid &&
           cluster.pods.at(echo.pod).node_name == later.pods.at(echo.pod).node_name;
  };
  return std::all_of(echoes.before.begin(), echoes.before.end(), stays) &&
         std::all_of(echoes.after.begin(), echoes.after.end(), stays);
}

// Without the packets and changes that a disagreement does not need.
Echoes fewer(const Cluster& cluster, Echoes echoes, SwitchingEngine& engine) {
  const auto drop_from = [&](auto part) {
    for (size_t i = (echoes.*part).size(), at = 0; i-- > 0;) {
      Echoes without = echoes;
      (without.*part).erase((without.*part).begin() + static_cast<std::ptrdiff_t>(i));
      if (can_cross(cluster, without) && shows(compare(cluster, without, engine, at))) echoes = without;
    }
  };
  drop_from(&Echoes::changes);
  drop_from(&Echoes::before);
  drop_from(&Echoes::after);
  return echoes;
}

std::string share(uint64_t allowed, uint64_t all) {
  return std::to_string(all) + " (" + std::to_string(all ? allowed * 100 / all : 0) + " % allowed)";
}

}  // namespace

Result<bool> agree(const Round& round, SwitchingEngine& engine) {
  size_t at = 0;
  const Found probe = compare(round.cluster, round.probes, engine, at);
  if (!probe) return probe.error();
  if (*probe)
    report(round, engine, [&, one = std::vector{round.probes[at]}](const Cluster& candidate) {
      return compare(candidate, one, engine, at);
    });
  const Found sending = compare(round.cluster, round.sendings, engine, at);
  if (!sending) return sending.error();
  if (*sending)
    report(round, engine, [&, one = std::vector{round.sendings[at]}](const Cluster& candidate) {
      return takes_part(candidate, one[0].pod) ? compare(candidate, one, engine, at) : Found(std::nullopt);
    });
  const Found echo = compare(round.cluster, round.echoes, engine, at);
  if (!echo) return echo.error();
  if (*echo)
    report(round, engine, [&, few = fewer(round.cluster, round.echoes, engine)](const Cluster& candidate) {
      return can_cross(candidate, few) ? compare(candidate, few, engine, at) : Found(std::nullopt);
    });
  return !*probe && !*sending && !*echo;
}

void Tally::add(const Round& round) {
  const reference::Reference reference(round.cluster);
  ++clusters;
  for (const model::Probe& probe : round.probes) {
    const auto answer = reference.evaluate(probe);
    ++probes;
    senseless += !answer.ok();
    probes_allowed += answer.ok() && answer->verdict() == model::Verdict::kAllow;
  }
  for (const Sending& sending : round.sendings) {
    ++sendings;
    sendings_allowed += reference.evaluate(sending) == model::Verdict::kAllow;
  }
  for (const model::Verdict verdict : reference::evaluate(round.cluster, round.echoes)) {
    ++echoes;
    echoes_allowed += verdict == model::Verdict::kAllow;
  }
}

std::string Tally::to_text() const {
  return std::to_string(clusters) + " clusters; probes " + share(probes_allowed, probes) + ", " +
         std::to_string(senseless) + " of them without sense; sendings " + share(sendings_allowed, sendings) +
         "; echoes " + share(echoes_allowed, echoes);
}

}  // namespace sluice::differential
