// Document: what a benchmark program found, and how it is written down (JSON, schema "sluice-bench-1").
//
// Laws: raw rounds, nothing summed up. Series of one (suite, group) were measured in the same rounds, so
// rounds[i] of one may be paired with rounds[i] of another. `checked` says how many answers of the series'
// contender were compared with the reference engine's before it was timed (0: it has none to give). A fact is
// a number that is not noisy: map operations, instructions, bytes. Values; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/harness/host.h"
#include "bench/harness/options.h"

namespace sluice::bench {

using Labels = std::map<std::string, std::string>;

struct Series {
  std::string suite;  // "packet", "change", "wire"
  std::string group;
  std::string contender;  // "sluice", "F0", "raw", ...
  std::string case_name;  // "established", ...
  Labels labels;
  std::string unit;            // "ns", "us", "ns per entry", ...
  std::vector<double> rounds;  // in that unit
  uint64_t checked = 0;
};

struct Fact {
  std::string suite, name;
  Labels labels;
  double value = 0;
  std::string unit;
};

struct Document {
  Host host;
  std::string program;
  int rounds = 0;
  bool quick = false;
  std::vector<Series> series;
  std::vector<Fact> facts;
};

// Empty, of this host and these options.
base::Result<Document> start_document(const Options& options, int rounds);

std::string to_json(const Document& document);  // one series or fact a line
// Through a new file beside it, so that a document is whole or not there.
base::Status write(const Document& document, const std::string& path);

// Median and p10..p90 of every series, and the facts, as a table for people.
std::string to_table(const Document& document);

}  // namespace sluice::bench
