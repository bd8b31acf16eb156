#include "agent/convert/convert.h"

#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/convert/dialects.h"
#include "agent/convert/kinds.h"

namespace sluice::convert {

std::string Loss::to_text() const {
  return base::one_line(object + ": " + (field.empty() ? "" : field + ": ") + what +
                        (done.empty() ? "" : ": " + done));
}

bool Conversion::holds(bool lossy) const {
  return problems.empty() &&
         std::all_of(losses.begin(), losses.end(), [&](const Loss& loss) { return lossy && !loss.opens; });
}

Conversion convert(std::string_view bytes, const std::string& origin, Dialect dialect,
                   const std::vector<net::Cidr>& cluster) {
  const Input input = read_input(bytes, origin);
  Output output;
  for (const std::string& problem : input.problems) output.problem(problem);
  note_kinds(input, dialect, output);
  switch (dialect) {
    case Dialect::kCalico:
      convert_calico(input, cluster_of(input, cluster), output);
      break;
    case Dialect::kCilium:
      convert_cilium(input, cluster_of(input, cluster), output);
      break;
    case Dialect::kV1alpha1:
      convert_v1alpha1(input, output);
      break;
  }
  return std::move(output).conversion();
}

}  // namespace sluice::convert
