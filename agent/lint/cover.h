// What allows all that another allows, by what it says and whoever is there. Private to agent/lint. Pure.
//
// Laws:
//  1. "Yes" holds in every cluster in which the policies' own namespace has the labels given; "no" may be wrong.
//  2. Everything covers itself.
#pragma once

#include "agent/model/objects.h"

namespace sluice::lint {

// Every set of labels that `narrow` matches, `wide` matches.
bool covers(const model::LabelSelector& wide, const model::LabelSelector& narrow);
bool covers(const model::IpBlock& wide, const model::IpBlock& narrow);
// Of two policies of one namespace, which has these labels.
bool covers(const model::Peer& wide, const model::Peer& narrow, const model::Labels& own_namespace);
bool covers(const model::PolicyPort& wide, const model::PolicyPort& narrow);
// Every peer and every port of `narrow` by one of `wide`.
bool covers(const model::Rule& wide, const model::Rule& narrow, const model::Labels& own_namespace);

}  // namespace sluice::lint
