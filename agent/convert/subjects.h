// What is known of two selections of pods without knowing the pods. Private to the room.
#pragma once

#include "agent/model/cluster_policy.h"

namespace sluice::convert {

using Subjects = std::vector<model::PodsPeer>;  // alternatives

// Every pod of `small` is one of `large`'s, by their words: what is not seen here may still be so.
bool covers(const Subjects& large, const Subjects& small);
// No pod is of both, by their words.
bool are_apart(const Subjects& one, const Subjects& other);

bool overlap(const net::Cidr& one, const net::Cidr& other);
bool overlap(const std::vector<net::Cidr>& some, const std::vector<net::Cidr>& others);
// May a port be of both lists?
bool overlap(const std::vector<model::PolicyPort>& some, const std::vector<model::PolicyPort>& others);

}  // namespace sluice::convert
