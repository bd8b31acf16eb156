// The page of matrices: sort, filter, group by namespace, one port or another, and what stands behind a cell.
//
// Laws:
//  1. The cells are the matrices': nothing here judges. Pods that no policy tells apart share a row and a column in the
//     data, where the matrices have these equal.
//  2. The rules behind a cell are those of the cluster's policies, for at most kExplained classes of pods.
//
// Pure; any thread.
#pragma once

#include <vector>

#include "agent/model/cluster.h"
#include "agent/model/matrix.h"
#include "agent/picture/page.h"

namespace sluice::picture {

inline constexpr size_t kExplained = 400;

// Of the same pods, one a port; at least one. `cluster`: nullptr where the cells were measured, and nothing explains
// them.
Page matrix_page(const std::vector<model::Matrix>& matrices, const model::Cluster* cluster);

}  // namespace sluice::picture
