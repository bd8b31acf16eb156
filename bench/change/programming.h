// Map programming: how fast Sluice writes a whole image into empty maps, against BPF_MAP_UPDATE_BATCH of the
// same entries, in the same order, into maps of the same kinds and limits. Needs root. One thread.
#pragma once

#include "bench/change/chain.h"
#include "bench/harness/document.h"

namespace sluice::bench {

// The chain's whole image, again and again; the maps are filled with it at the end, as at the beginning.
base::Status measure_programming(Chain& chain, const Labels& labels, const RoundOptions& rounds,
                                 Document& document);

}  // namespace sluice::bench
