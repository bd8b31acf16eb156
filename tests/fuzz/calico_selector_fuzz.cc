// Any text as a selector of Calico's: what is read is bounded, and its negation matches exactly what it does not.
#include <algorithm>
#include <cstdint>

#include "agent/convert/calico_selector.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;

bool matches_any(const convert::CalicoSelector& selector, const model::Labels& labels) {
  return std::any_of(selector.any_of.begin(), selector.any_of.end(),
                     [&](const model::LabelSelector& one) { return model::matches(one, labels); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto read = convert::parse_selector(text);
  if (!read.ok()) return 0;
  require(read->any_of.size() <= convert::kMostAlternatives);
  const bool empty = text.find_first_not_of(" \t\r\n") == text.npos;
  const auto negated = convert::parse_selector(empty ? "! all()" : "! (" + text + ")");
  if (!negated.ok() || !read->why_not.empty() || !negated->why_not.empty() || read->global) return 0;
  std::vector<model::Labels> samples = {{}, {{"a", "b"}}, {{"a", "c"}, {"d", "e"}}, {{"role", "db"}}};
  for (const model::LabelSelector& one : read->any_of)
    for (const model::Requirement& requirement : one.requirements)
      samples.push_back(
          {{requirement.key, requirement.values.empty() ? "x" : requirement.values.front()}, {"a", "b"}});
  for (const model::Labels& labels : samples)
    require(matches_any(*read, labels) != matches_any(*negated, labels));
  return 0;
}
