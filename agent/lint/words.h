// How selectors, labels and lists of names read in a finding. Private to agent/lint. Pure.
#pragma once

#include <string>
#include <vector>

#include "agent/lint/pods.h"
#include "agent/model/objects.h"

namespace sluice::lint {

// As model::to_text has it; "everything" where it is empty.
std::string selector_text(const model::LabelSelector& selector);

inline constexpr size_t kMostNames = 3;
// Names, of `count`: "one", "one and two", "one, two and 7 more".
std::string listed(const std::vector<std::string>& names, size_t count);
std::string names_of(const Pods& pods, const std::vector<uint32_t>& which);

// "1 pod", "3 pods".
std::string counted(size_t count, const std::string& what);

// Which labels that there are come nearest to one that nobody has: "app=web is the nearest", "app has here api, web";
// empty: nothing is near.
std::string nearest_label(const model::Requirement& wanted, const LabelCounts& there);

// Those requirements that no labels of these fulfil, each by itself. Only what asks for a label can fail so.
std::vector<model::Requirement> unmet(const model::LabelSelector& selector, const LabelCounts& there);

// "no pod of namespace shop has app=wbe: the nearest that is there is app=web".
std::string nobody_in(const std::string& ns, const model::LabelSelector& selector, Pods& pods);

}  // namespace sluice::lint
