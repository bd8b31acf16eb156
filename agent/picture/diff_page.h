// The page of what opens and what closes: both lists, a search in them. It reads without its script too.
//
// Pure; any thread.
#pragma once

#include "agent/picture/page.h"
#include "agent/rehearse/diff.h"

namespace sluice::picture {

Page diff_page(const rehearse::Changes& changes);

}  // namespace sluice::picture
