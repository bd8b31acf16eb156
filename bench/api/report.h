// What rounds found, as series of a result document: one value a round. Pure; any thread.
#pragma once

#include "bench/api/round.h"
#include "bench/harness/document.h"

namespace sluice::bench::api {

// Adds a round; `checked`: how many answers were compared after it.
void add_round(const Measured& measured, const std::string& encoding, uint64_t checked, Document& document);

}  // namespace sluice::bench::api
