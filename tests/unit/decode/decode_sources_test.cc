// The annotation sluice.dev/allowed-source-prefixes.
#include "tests/unit/decode/decoded.h"

namespace sluice::source::decode {
namespace {

// "192.0.2.0/24 | WARNING": what an object's annotation gives, and what is said of it.
std::string source_prefixes(const std::string& kind, const std::string& metadata) {
  const Decoded decoded =
      decode("{apiVersion: v1, kind: " + kind + ", metadata: {name: a, " + metadata + "}}", "f");
  std::string out;
  for (const auto& found : decoded.objects) {
    const auto* pod = std::get_if<model::Pod>(&found.object);
    const auto* ns = std::get_if<model::Namespace>(&found.object);
    for (const net::Cidr& cidr : pod ? pod->source_prefixes : ns->source_prefixes)
      out += cidr.to_text() + " ";
  }
  for (const auto& warning : decoded.warnings) out += "| " + warning.field + ": " + warning.message;
  for (const auto& problem : decoded.problems) out += "| PROBLEM " + problem.to_text();
  return out;
}

TEST(DecodeSources, Prefixes) {
  const std::string key = "sluice.dev/allowed-source-prefixes",
                    field = "| metadata.annotations[\"" + key + "\"]: ";
  const Row rows[] = {
      {"none", "annotations: {other: 1}", ""},
      {"sorted, each once, blanks and a last comma are nothing",
       "annotations: {sluice.dev/allowed-source-prefixes: ' 192.0.2.0/24,10.0.0.0/8 , "
       "2001:db8::/32,10.0.0.0/8,'}",
       "10.0.0.0/8 192.0.2.0/24 2001:db8::/32 "},
      {"empty", "annotations: {sluice.dev/allowed-source-prefixes: ''}", ""},
      {"host bits", "annotations: {sluice.dev/allowed-source-prefixes: 10.1.2.3/8}",
       "10.0.0.0/8 @\"10.1.2.3/8\" has host bits and is read as 10.0.0.0/8"},
      {"what is wrong gives nothing, the rest counts",
       "annotations: {sluice.dev/allowed-source-prefixes: 'ten,192.0.2.1,192.0.2.0/24'}",
       "192.0.2.0/24 @\"ten\" is not a CIDR: write ADDRESS/LENGTH, e.g. 10.0.0.0/8: nothing is allowed by it"
       "@\"192.0.2.1\" is not a CIDR: write ADDRESS/LENGTH, e.g. 10.0.0.0/8: nothing is allowed by it"},
      {"no text", "annotations: {sluice.dev/allowed-source-prefixes: [10.0.0.0/8]}",
       "@is a list where a value is due; nothing is allowed by it"},
      {"annotations that are none", "annotations: [1]",
       "| metadata.annotations: is a list where a map is due; nothing is allowed by it"},
  };
  for (const char* kind : {"Pod", "Namespace"})
    for (const Row& row : rows) {
      std::string expected = row.expected;
      for (size_t at = expected.find('@'); at != expected.npos; at = expected.find('@'))
        expected.replace(at, 1, field);
      EXPECT_EQ(source_prefixes(kind, row.text), expected) << kind << ": " << row.what;
    }
}

}  // namespace
}  // namespace sluice::source::decode
