// The annotation sluice.dev/allowed-source-prefixes of Pods and Namespaces.
#include "agent/source/decode/addresses.h"
#include "agent/source/decode/decode_kinds.h"

namespace sluice::source::decode {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void add_prefix(const Field& annotation, std::string_view text, std::vector<net::Cidr>& prefixes) {
  const auto cidr = read_cidr(annotation, text);
  if (!cidr) return annotation.warn(cidr.error().message() + ": nothing is allowed by it");
  prefixes.push_back(*cidr);
}

}  // namespace

std::vector<net::Cidr> decode_source_prefixes(const Field& metadata) {
  const auto read = [](const Field& lenient) {
    std::vector<net::Cidr> prefixes;
    const Field annotation = lenient.get("annotations").get(model::kSourcePrefixesAnnotation);
    const std::string all = annotation.text();
    for (std::string_view rest = all; !trimmed(rest).empty();) {
      const size_t comma = std::min(rest.find(','), rest.size());
      add_prefix(annotation, trimmed(rest.substr(0, comma)), prefixes);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    make_set(prefixes);
    return prefixes;
  };
  return metadata.value_or_warning("nothing is allowed by it", read).value_or(std::vector<net::Cidr>());
}

}  // namespace sluice::source::decode
