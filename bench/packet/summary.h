// Summary: the document of bench_packet as a table for people: net of F0, and against F1 and F2. Pure.
#pragma once

#include <string>

#include "bench/harness/document.h"

namespace sluice::bench {

std::string summary(const Document& document);

}  // namespace sluice::bench
