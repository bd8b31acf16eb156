// The page of flow records as they come, and the page that says why there is none. Their scripts ask the server that they
// come from (agent/ui): GET /flows?since=MILLISECONDS is {"flows": [F…], "problem": TEXT}, F as `observe -o json` has it;
// GET /why?event=ID is {"text", "fix", "problem"}.
//
// Pure; any thread.
#pragma once

#include "agent/picture/page.h"

namespace sluice::picture {

Page flows_page();

// `tries_again`: the script loads it anew once the agent answers.
Page problem_page(const std::string& title, const std::string& problem, bool tries_again);

}  // namespace sluice::picture
