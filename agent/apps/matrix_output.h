// A matrix on standard output, measured or computed.
#pragma once

#include <string>

#include "agent/model/matrix.h"

namespace sluice::apps {

// output: "table", "json" or "html". False where it could not be written.
bool print_matrix(const model::Matrix& matrix, const std::string& output);

}  // namespace sluice::apps
