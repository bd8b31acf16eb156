// The JSON side of body.h, by Boost.JSON's incremental parser. Private to agent/source/kube.
#pragma once

#include "agent/source/kube/body.h"

namespace sluice::source::kube {

std::unique_ptr<ListReader> make_json_list_reader(model::Kind kind, TakeItem take);
std::unique_ptr<WatchReader> make_json_watch_reader(model::Kind kind, TakeEvent take);
ApiStatus read_json_status(std::string_view body);

}  // namespace sluice::source::kube
