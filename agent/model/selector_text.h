// Selectors in kubectl's syntax (kubectl get --help, "--selector"). Pure; any thread.
#pragma once

#include <string>

#include "agent/model/objects.h"

namespace sluice::model {

std::string to_text(
    const Requirement& requirement);  // "app=web", "app!=web", "tier in (a,b)", "tier", "!tier"
std::string to_text(const LabelSelector& selector);  // joined by commas; empty where it matches everything

}  // namespace sluice::model
