#include "bench/harness/document.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "bench/harness/statistics.h"
#include "bench/harness/table.h"

namespace sluice::bench {
namespace {

namespace json = boost::json;
constexpr char kSchema[] = "sluice-bench-1";

json::value to_value(const Host& host) {
  return {{"cpu", host.cpu},       {"cores", host.cores},       {"memory_bytes", host.memory_bytes},
          {"kernel", host.kernel}, {"jit", host.jit},           {"hz", host.hz},
          {"commit", host.commit}, {"compiler", host.compiler}, {"date", host.date}};
}

json::value to_value(const Series& series) {
  json::array rounds;
  for (double sample : series.rounds) rounds.emplace_back(std::round(sample * 1000) / 1000);
  return {{"suite", series.suite},
          {"group", series.group},
          {"contender", series.contender},
          {"case", series.case_name},
          {"labels", json::value_from(series.labels)},
          {"unit", series.unit},
          {"rounds", rounds},
          {"checked", series.checked}};
}

json::value to_value(const Fact& fact) {
  return {{"suite", fact.suite},
          {"name", fact.name},
          {"labels", json::value_from(fact.labels)},
          {"value", fact.value},
          {"unit", fact.unit}};
}

template <typename T>
std::string list(const std::vector<T>& all) {
  std::string text = "[";
  for (const T& one : all) text += (text.size() == 1 ? "\n    " : ",\n    ") + json::serialize(to_value(one));
  return text + (all.empty() ? "]" : "\n  ]");
}

std::string aloud(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

}  // namespace

base::Result<Document> start_document(const Options& options, int rounds) {
  auto host = this_host();
  if (!host) return host.error();
  Document document;
  document.host = std::move(*host);
  document.program = options.program;
  document.rounds = rounds;
  document.quick = options.quick;
  return document;
}

std::string to_json(const Document& document) {
  const json::value settings = {
      {"program", document.program}, {"rounds", document.rounds}, {"quick", document.quick}};
  return std::string("{\n  \"schema\": \"") + kSchema +
         "\",\n  \"host\": " + json::serialize(to_value(document.host)) +
         ",\n  \"settings\": " + json::serialize(settings) + ",\n  \"series\": " + list(document.series) +
         ",\n  \"facts\": " + list(document.facts) + "\n}\n";
}

base::Status write(const Document& document, const std::string& path) {
  const std::string half = path + ".new";
  std::ofstream file(half, std::ios::binary | std::ios::trunc);
  file << to_json(document);
  file.close();
  if (!file) return base::Error::from_errno(errno, "write " + half);
  if (std::rename(half.c_str(), path.c_str()) != 0) return base::Error::from_errno(errno, "write " + path);
  return base::done();
}

std::string to_table(const Document& document) {
  Table series({"group", "contender", "case", "labels", "median", "p10", "p90", "unit", "checked"});
  for (const Series& one : document.series) {
    const Spread s = spread(one.rounds);
    series.row({one.group, one.contender, one.case_name, aloud(one.labels), decimal(s.median), decimal(s.p10),
                decimal(s.p90), one.unit, std::to_string(one.checked)});
  }
  Table facts({"fact", "labels", "value", "unit"});
  for (const Fact& fact : document.facts)
    facts.row({fact.name, aloud(fact.labels), decimal(fact.value), fact.unit});
  return series.text() + (document.facts.empty() ? "" : "\n" + facts.text());
}

}  // namespace sluice::bench
