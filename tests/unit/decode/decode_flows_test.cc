// The annotation sluice.dev/flows.
#include "tests/unit/decode/decoded.h"

namespace sluice::source::decode {
namespace {

// "5000 | WARNING": what a Pod's annotation gives, and what is said of it.
std::string flows(const std::string& metadata) {
  const Decoded decoded = decode("{apiVersion: v1, kind: Pod, metadata: {name: a, " + metadata + "}}", "f");
  std::string out;
  for (const auto& found : decoded.objects) out += std::to_string(std::get<model::Pod>(found.object).flows);
  for (const auto& warning : decoded.warnings) out += " | " + warning.to_text();
  for (const auto& problem : decoded.problems) out += " | PROBLEM " + problem.to_text();
  return out;
}

TEST(DecodeFlows, AShare) {
  const std::string begin = "0 | f: document 1: Pod default/a: metadata.annotations[\"sluice.dev/flows\"]: ",
                    end = "; the pod's share is that of every pod";
  const std::string wrong = " is no number of connections: write one from 1 to 4294967295";
  const Row rows[] = {
      {"none", "annotations: {other: 1}", "0"},
      {"a number", "annotations: {sluice.dev/flows: '5000'}", "5000"},
      {"the largest", "annotations: {sluice.dev/flows: '4294967295'}", "4294967295"},
      {"none at all is no share", "annotations: {sluice.dev/flows: '0'}", "@\"0\"#"},
      {"empty", "annotations: {sluice.dev/flows: ''}", "@\"\"#"},
      {"negative", "annotations: {sluice.dev/flows: '-5'}", "@\"-5\"#"},
      {"too large", "annotations: {sluice.dev/flows: '4294967296'}", "@\"4294967296\"#"},
      {"a unit", "annotations: {sluice.dev/flows: 5k}", "@\"5k\"#"},
      {"no text, which kubectl refuses", "annotations: {sluice.dev/flows: 5000}",
       "@5000 is a number where text is due: write \"5000\"$"},
  };
  for (const Row& row : rows) {
    std::string expected = row.expected;
    for (const auto& [mark, text] :
         {std::pair<char, std::string>('@', begin), {'#', wrong + end}, {'$', end}})
      if (const size_t at = expected.find(mark); at != expected.npos) expected.replace(at, 1, text);
    EXPECT_EQ(flows(row.text), expected) << row.what;
  }
}

}  // namespace
}  // namespace sluice::source::decode
