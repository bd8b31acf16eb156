// The protobuf side of body.h: what application/vnd.kubernetes.protobuf carries
// (kubernetes.io/docs/reference/using-api/api-concepts, "Protobuf encoding"). Private to agent/source/kube.
#pragma once

#include "agent/source/kube/body.h"

namespace sluice::source::kube {

std::unique_ptr<ListReader> make_proto_list_reader(model::Kind kind, TakeItem take);
std::unique_ptr<WatchReader> make_proto_watch_reader(model::Kind kind, TakeEvent take);
ApiStatus read_proto_status(std::string_view body);

}  // namespace sluice::source::kube
