#include "agent/apps/ctl/status_text.h"

#include <algorithm>
#include <cstdio>

#include "agent/apps/table.h"
#include "agent/base/excerpt.h"
#include "agent/times/zone.h"

namespace sluice::apps::ctl {
namespace {

constexpr int kTopDrops = 8;
constexpr int kLinesOfProblems = 20;

std::string percent(uint64_t used, uint64_t limit) {
  if (limit == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f%%", 100.0 * static_cast<double>(used) / static_cast<double>(limit));
  return text;
}

// 1536 as "1.5 KiB".
std::string memory_text(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
  auto number = static_cast<double>(bytes);
  size_t unit = 0;
  for (; number >= 1024 && unit + 1 < std::size(kUnits); ++unit) number /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", number, kUnits[unit]);
  return text;
}

std::string counts(const google::protobuf::RepeatedPtrField<v1::Count>& list) {
  std::vector<std::string> parts;
  for (const auto& count : list)
    if (count.count() > 0) parts.push_back(std::to_string(count.count()) + " " + count.name());
  return parts.empty() ? "none" : joined(parts, 16);
}

std::string heading(const std::string& name) {
  return name + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ');
}

std::string line(const std::string& name, const std::string& value) {
  return heading(name) + base::one_line(value) + "\n";
}

std::string state_text(const v1::StatusReply& status, bool colour) {
  const char *text = "waiting for a first state", *code = "33";
  if (!status.last_error().empty())
    text = "FAILING: what is in force is older than what is wanted", code = "31";
  else if (status.started() && !status.ready())
    text = "in force, NOT READY: pods may be here that are not protected", code = "31";
  else if (status.ready() && status.problems_size() > 0)
    text = "in force, with problems", code = "33";
  else if (status.ready())
    text = "in force", code = "32";
  return colour ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
}

// 1234567 as "1,234,567".
std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string flows_text(const v1::Flows& flows) {
  std::vector<std::string> tables;
  uint64_t held = 0, oldest = 0;
  for (const auto& table : flows.tables()) {
    const uint64_t in_use = table.answered() + table.unanswered();
    tables.push_back(grouped(in_use) + " of " + grouped(table.limit()) + " " + table.family());
    held += in_use;
    oldest = std::max<uint64_t>(oldest, table.oldest_seconds());
  }
  std::string text = joined(tables);
  if (held > 0) text += "; oldest silent for " + age_text(static_cast<double>(oldest));
  return text + "; " + grouped(flows.displaced_answered() + flows.displaced_unanswered()) + " displaced, " +
         grouped(flows.refused()) + " refused";
}

std::string last_change(const v1::StatusReply& status, int64_t now) {
  const auto& change = status.last_change();
  if (change.unix_milliseconds() == 0) return "none yet";
  char took[32];
  std::snprintf(took, sizeof took, "%.1f ms", change.seconds() * 1e3);
  return age_text(static_cast<double>(now - change.unix_milliseconds()) / 1e3) + " ago: " + change.what() +
         "; " + std::to_string(change.entries()) + " entries, " + std::to_string(change.writes()) +
         " writes in " + took;
}

std::string lines(const std::string& name, const google::protobuf::RepeatedPtrField<std::string>& list) {
  std::string text;
  for (int i = 0; i < std::min(list.size(), kLinesOfProblems); ++i) text += line(i == 0 ? name : "", list[i]);
  if (list.size() > kLinesOfProblems)
    text += line("", "and " + std::to_string(list.size() - kLinesOfProblems) + " more: -o json has them all");
  return text;
}

std::string fill_text(const v1::StatusReply& status, bool colour) {
  Table table({"MAP", "USED", "LIMIT", "FULL"});
  for (const auto& map : status.maps())
    table.add({map.map(), std::to_string(map.used()), std::to_string(map.limit()),
               percent(map.used(), map.limit())});
  return "\n" + table.text(colour);
}

std::string drops_text(const v1::StatusReply& status, bool colour) {
  if (status.drops_size() == 0) return "\nNothing was dropped.\n";
  Table table({"DROPPED", "DIRECTION", "REASON", "WHY"});
  for (int i = 0; i < std::min(status.drops_size(), kTopDrops); ++i) {
    const auto& drops = status.drops(i);
    table.add({std::to_string(drops.packets()), drops.direction(), drops.reason(), drops.text()});
  }
  return "\n" + table.text(colour);
}

// "2 policies (prod/web, prod/db), namespaces dev; in the last hour 17 connections would have been denied"
std::string audit_text(const v1::Audit& audit) {
  std::string text = std::to_string(audit.policies()) + (audit.policies() == 1 ? " policy" : " policies");
  if (audit.sample_size() > 0) text += " (" + joined({audit.sample().begin(), audit.sample().end()}, 4) + ")";
  if (audit.namespaces_size() > 0)
    text += ", namespaces " + joined({audit.namespaces().begin(), audit.namespaces().end()}, 4);
  return text + "; in the last hour " + grouped(audit.last_hour()) + " would have been denied";
}

// "17 with 40 addresses, answers are held; believed 10.96.0.10:53; 0 answers not held, 0 addresses not learnt"
// " of at most 64,000, 1,000 a name"; an agent that says no limits has none to show.
std::string limits_text(const v1::NameFacts& names) {
  if (names.most_addresses() == 0) return "";
  return " of at most " + grouped(names.most_addresses()) + ", " + grouped(names.most_addresses_of_name()) +
         " a name";
}

std::string name_facts_text(const v1::NameFacts& names) {
  std::string text =
      grouped(names.names()) + " with " + grouped(names.addresses()) + " addresses" + limits_text(names);
  if (names.wanted()) text += names.held() ? ", answers are held" : ", answers are not held";
  text += "; believed " +
          (names.servers_size() > 0 ? joined({names.servers().begin(), names.servers().end()}, 4) : "nobody");
  return text + "; " + grouped(names.answers_unheld()) + " answers not held, " +
         grouped(names.addresses_refused()) + " addresses not learnt";
}

// "2026-12-24T18:00:00Z"
std::string time_text(int64_t unix_seconds) {
  return times::to_text(times::Instant(std::chrono::seconds(unix_seconds)));
}

// "1 of 3 policies outside them (NetworkPolicy shop/nights); next: NetworkPolicy shop/days ends in 3 h, at
// 2026-12-24T18:00:00Z"
std::string hours_text(const v1::Hours& hours, int64_t now) {
  std::string text = std::to_string(hours.outside()) + " of " + std::to_string(hours.policies()) +
                     (hours.policies() == 1 ? " policy" : " policies") + " outside them";
  if (hours.sample_size() > 0) text += " (" + joined({hours.sample().begin(), hours.sample().end()}, 4) + ")";
  if (hours.next_policy().empty()) return text;
  const int64_t at = hours.next_unix_seconds();
  return text + "; next: " + hours.next_policy() + (hours.next_begins() ? " begins in " : " ends in ") +
         age_text(static_cast<double>(at) - static_cast<double>(now) / 1e3) + ", at " + time_text(at);
}

std::vector<std::string> list_of(const google::protobuf::RepeatedPtrField<std::string>& list) {
  return {list.begin(), list.end()};
}

// What there is of it, "3 answered, 1 unanswered"; empty where there is nothing.
std::string counts_text(std::initializer_list<std::pair<const char*, uint64_t>> counts) {
  std::vector<std::string> parts;
  for (const auto& [what, count] : counts)
    if (count > 0) parts.push_back(grouped(count) + " " + what);
  return joined(parts);
}

std::string held_text(const v1::Endpoint& endpoint) {
  return counts_text({{"answered", endpoint.flows_answered()}, {"unanswered", endpoint.flows_unanswered()}});
}

std::string lost_text(const v1::Endpoint& endpoint) {
  return counts_text(
      {{"displaced", endpoint.flows_displaced_answered() + endpoint.flows_displaced_unanswered()},
       {"refused", endpoint.flows_refused()}});
}

}  // namespace

std::string age_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(seconds, 0.0));
  constexpr int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  if (whole < 2 * kMinute) return std::to_string(whole) + " s";
  if (whole < 2 * kHour) return std::to_string(whole / kMinute) + " min";
  if (whole < 2 * kDay) return std::to_string(whole / kHour) + " h";
  return std::to_string(whole / kDay) + " d";
}

std::string status_text(const v1::StatusReply& status, int64_t now, bool colour) {
  std::string text = line(
      "sluiced", status.version() + " on " + status.node() + ", up " + age_text(status.uptime_seconds()));
  text += heading("state") + state_text(status, colour) + ", epoch " + std::to_string(status.epoch()) + "\n";
  text += line("mode", status.mode() + ", unknown pods " +
                           (status.default_verdict() == "strict" ? "closed" : "open") + ", attached by " +
                           status.attach());
  text += lines("unconfined", status.unconfined());
  if (status.new_interfaces() == "closed")
    text += line("new veths", status.held_size() == 0 ? "closed; none is held"
                                                      : "closed; held, their pods are not known: " +
                                                            joined(list_of(status.held()), 8));
  text += line("source", status.source());
  text += line("objects", counts(status.objects()));
  if (status.ignored_kinds_size() > 0) text += line("ignored", counts(status.ignored_kinds()));
  text += line("endpoints", std::to_string(status.endpoints()) + " in force, " +
                                std::to_string(status.endpoints_isolated()) + " isolated, " +
                                std::to_string(status.endpoints_waiting()) + " waiting");
  if (status.mode() == "audit" || status.audit().policies() > 0 || status.audit().namespaces_size() > 0)
    text += line("audit", audit_text(status.audit()));
  if (status.has_hours()) {
    if (status.hours().policies() > 0) text += line("hours", hours_text(status.hours(), now));
    text += lines("always on", status.hours().unread());
    if (!status.hours().clock_problem().empty()) text += line("clock", status.hours().clock_problem());
  }
  if (status.has_names()) text += line("names", name_facts_text(status.names()));
  if (status.has_flows()) text += line("flows", flows_text(status.flows()));
  text += line("last change", last_change(status, now));
  text += line("changes", std::to_string(status.applies()) + " applied, " +
                              std::to_string(status.apply_failures()) + " failed");
  if (status.put_back() > 0)
    text +=
        line("put back", grouped(status.put_back()) + " interfaces whose programs somebody else took off");
  if (!status.last_error().empty()) text += line("error", status.last_error());
  if (!status.not_ready().empty() && status.last_error().empty() && !status.ready())
    text += line("not ready", status.not_ready());
  text += lines("problems", status.problems());
  text += lines("warnings", status.warnings());
  if (status.events_lost() > 0)
    text += line("reports", std::to_string(status.events_lost()) + " lost: the ring was full");
  return text + fill_text(status, colour) + drops_text(status, colour);
}

std::string endpoints_text(const v1::EndpointsReply& reply, bool colour) {
  const auto any = [&reply](auto cell) {
    return std::ranges::any_of(reply.endpoints(),
                               [&](const auto& endpoint) { return !cell(endpoint).empty(); });
  };
  const bool held = any(held_text), lost = any(lost_text);
  std::vector<std::string> headings = {"POD",    "ADDRESSES", "INTERFACE",  "INGRESS",
                                       "EGRESS", "DENIED IN", "DENIED OUT", "POLICIES"};
  if (held) headings.emplace_back("FLOWS");
  if (lost) headings.emplace_back("FLOWS LOST");
  Table table(headings);
  for (const auto& endpoint : reply.endpoints()) {
    std::vector<std::string> interfaces;
    for (const auto& interface : endpoint.interfaces())
      interfaces.push_back(interface.name() + (interface.attached() ? "" : " (not attached)"));
    std::vector<std::string> row = {endpoint.namespace_() + "/" + endpoint.pod(),
                                    joined(list_of(endpoint.addresses())),
                                    joined(interfaces),
                                    endpoint.ingress(),
                                    endpoint.egress(),
                                    std::to_string(endpoint.denied_packets_ingress()),
                                    std::to_string(endpoint.denied_packets_egress()),
                                    joined(list_of(endpoint.policies()), 3)};
    if (held) row.push_back(held_text(endpoint));
    if (lost) row.push_back(lost_text(endpoint));
    table.add(std::move(row));
  }
  return table.text(colour);
}

namespace {

// "in force until 2026-12-24T18:00:00Z", "outside its hours"; "-": it has none.
std::string hours_of(const v1::Policy& policy) {
  if (policy.active().empty()) return "-";
  const std::string until =
      policy.until_unix_seconds() == 0 ? "" : " until " + time_text(policy.until_unix_seconds());
  return (policy.outside_hours() ? "outside its hours" : "in force") + until;
}

// "shop/api", "Admin/tenants (100)"
std::string name_of(const v1::Policy& policy) {
  if (policy.tier().empty()) return policy.namespace_() + "/" + policy.name();
  return policy.tier() + "/" + policy.name() + " (" + std::to_string(policy.priority()) + ")";
}

}  // namespace

std::string policies_text(const v1::PoliciesReply& reply, bool colour) {
  const bool audit = std::ranges::any_of(reply.policies(), [](const auto& policy) { return policy.audit(); });
  const bool hours =
      std::ranges::any_of(reply.policies(), [](const auto& policy) { return !policy.active().empty(); });
  std::vector<std::string> headings = {"POLICY", "INGRESS", "EGRESS", "PODS HERE"};
  if (audit) headings.emplace_back("MODE");
  if (hours) headings.emplace_back("HOURS");
  Table table(headings);
  auto rules = [](bool isolates, uint32_t count) {
    return isolates ? std::to_string(count) + (count == 1 ? " rule" : " rules") : std::string("-");
  };
  for (const auto& policy : reply.policies()) {
    std::vector<std::string> row = {name_of(policy), rules(policy.ingress(), policy.ingress_rules()),
                                    rules(policy.egress(), policy.egress_rules()),
                                    joined(list_of(policy.local_pods()), 4)};
    if (audit) row.emplace_back(policy.audit() ? "audit" : "enforce");
    if (hours) row.push_back(hours_of(policy));
    table.add(std::move(row));
  }
  return table.text(colour);
}

std::string identities_text(const v1::IdentitiesReply& reply, bool colour) {
  Table table({"IDENTITY", "ENTRIES", "SAMPLE", "PORT NAMES", "KNOWN AS"});
  for (const auto& identity : reply.identities())
    table.add({identity.id(), std::to_string(identity.addresses()), joined(list_of(identity.sample()), 3),
               joined(list_of(identity.ports()), 3), joined(list_of(identity.peers()), 3)});
  return table.text(colour);
}

std::string names_text(const v1::NamesReply& reply, bool colour) {
  Table table({"NAME", "ADDRESS", "LEFT", "CONNECTIONS", "PODS"});
  for (const auto& name : reply.names())
    for (const auto& address : name.addresses())
      table.add({name.name(), address.address(), age_text(address.seconds_left()),
                 std::to_string(address.connections()), joined(list_of(name.pods()), 3)});
  std::string text = reply.names_size() > 0 ? table.text(colour) : "No name is learnt.\n";
  if (reply.names_size() > 0 && reply.facts().most_addresses() > 0)
    text += "\n" + grouped(reply.facts().addresses()) + " addresses" + limits_text(reply.facts()) + ".\n";
  if (!reply.facts().wanted())
    text += "\nNo rule of a pod of this node names domains: nothing is listened to.\n";
  for (const auto& problem : reply.facts().problems()) text += "\n" + base::one_line(problem) + "\n";
  return text;
}

std::string maps_text(const v1::MapsReply& reply, bool colour) {
  Table table({"MAP", "KIND", "USED", "ROOM", "FULL", "MEMORY"});
  for (const auto& map : reply.maps())
    table.add({map.name(), map.kind(), map.has_used() ? std::to_string(map.used()) : "-",
               map.kind() == "ringbuf" ? memory_text(map.limit()) : std::to_string(map.limit()),
               map.has_used() ? percent(map.used(), map.limit()) : "-",
               map.has_bytes() ? memory_text(map.bytes()) : "-"});
  return table.text(colour);
}

}  // namespace sluice::apps::ctl
