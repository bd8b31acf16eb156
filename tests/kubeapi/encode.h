// What an API server answers, as bytes: in JSON, or in protobuf with fields that nobody here knows strewn in.
#pragma once

#include <string>

#include "agent/source/kube/body.h"
#include "tests/kubeapi/world.h"

namespace sluice::kubeapi {

std::string encode_list(source::kube::Encoding encoding, const ServedKind& kind, const Page& page);
// One event of a watch, framed.
std::string encode_event(source::kube::Encoding encoding, const ServedKind& kind, const std::string& type,
                         const Json& object);
// As encode_event(): BOOKMARK and ERROR.
std::string encode_bookmark(source::kube::Encoding encoding, const ServedKind& kind, uint64_t version);
struct Refusal {
  int code;
  std::string reason, message;
  int retry_after = 0;
};
std::string encode_error_event(source::kube::Encoding encoding, const Refusal& refusal);
std::string encode_status(source::kube::Encoding encoding, const Refusal& refusal);

}  // namespace sluice::kubeapi
