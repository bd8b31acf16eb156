// What a reader of manifests has to say about them: problems (an object or file is not taken) and warnings
// (it is, but not quite as it was written). Values; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::source {

// Where a document stands: a file (or the name of another origin), the document's number in it from 1 (0: the
// whole file) and the line at which it starts from 1 (0: unknown).
struct Place {
  std::string origin;
  int document = 0;
  uint32_t line = 0;
  auto operator<=>(const Place&) const = default;
};

struct Finding {
  Place place;
  std::optional<model::ObjectId> object;  // where it is known
  std::string field;                      // "spec.ingress[0].from[1].ipBlock.cidr"; empty: the whole of it
  std::string message;                    // what is wrong and how to mend it
  bool not_rendered = false;              // it is a template that nobody rendered; place.line is that line
  auto operator<=>(const Finding&) const = default;

  // "FILE: document 2: NetworkPolicy prod/web: spec.podSelector: is a list where a map is due"
  std::string to_text() const;
};

using Problem = Finding;
using Warning = Finding;
// Documents of kinds that mean nothing for network policy, by kind.
using SkippedKinds = std::map<std::string, size_t>;

}  // namespace sluice::source
