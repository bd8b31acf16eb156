#include "bench/packet/summary.h"

#include "bench/harness/statistics.h"
#include "bench/harness/table.h"

namespace sluice::bench {
namespace {

std::string label(const Series& series, const std::string& name) {
  const auto found = series.labels.find(name);
  return found == series.labels.end() ? "" : found->second;
}

// The series of this contender that `of` was measured beside; the driver's own cost depends on the family and
// on how it is used, F1 and F2 are IPv4's.
const Series* beside(const Document& document, const Series& of, const std::string& contender) {
  for (const Series& one : document.series) {
    if (one.group != of.group || one.contender != contender) continue;
    if (label(one, "tuples") != label(of, "tuples")) continue;
    const std::string driver = label(of, "driver").empty() ? "plain" : label(of, "driver");
    if (contender == "F0" && (label(one, "family") != label(of, "family") || label(one, "driver") != driver))
      continue;
    return &one;
  }
  return nullptr;
}

std::string ratio(const Document& document, const Series& series, const Series& base, const std::string& to) {
  const Series* floor = beside(document, series, to);
  const Series* floor_base = floor ? beside(document, *floor, "F0") : nullptr;
  if (!floor_base) return "";
  const Spread s = spread(net_ratio(series.rounds, base.rounds, floor->rounds, floor_base->rounds));
  return decimal(s.median) + " [" + decimal(s.p10) + ".." + decimal(s.p90) + "]";
}

std::string told_apart(const Series& series) {
  std::string text;
  for (const auto& [name, value] : series.labels)
    if (name != "family" && name != "hook" && name != "protocol" && name != "tuples")
      text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

}  // namespace

std::string summary(const Document& document) {
  Table table({"group", "contender", "case", "family", "hook", "proto", "tuples", "median", "net", "p10",
               "p90", "/F1", "/F2", "labels"});
  for (const Series& series : document.series) {
    const Series* base = beside(document, series, "F0");
    if (!base) continue;
    const Spread s = spread(net(series.rounds, base->rounds));
    table.row({series.group, series.contender, series.case_name, label(series, "family"),
               label(series, "hook"), label(series, "protocol"), label(series, "tuples"),
               decimal(spread(series.rounds).median), decimal(s.median), decimal(s.p10), decimal(s.p90),
               ratio(document, series, *base, "F1"), ratio(document, series, *base, "F2"),
               told_apart(series)});
  }
  return table.text();
}

}  // namespace sluice::bench
