// --config FILE: options as YAML, key = option name without dashes in front.
//
// Laws:
//  1. Options given on the command line win.
//  2. An unknown key, a value that is no scalar or not valid, and a file that cannot be read are
//     errors that name file and key.
#pragma once

#include <CLI/App.hpp>
#include <set>
#include <string>

#include "agent/base/result.h"

namespace sluice::apps {

// After app.parse(). `excluded`: options that are no settings.
base::Status apply_config_file(const std::string& file, CLI::App& app, const std::set<std::string>& excluded);

}  // namespace sluice::apps
