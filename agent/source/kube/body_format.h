// BodyFormat: one encoding of what an API server answers, by its readers (body.h); and what the encodings share. Private
// to agent/source/kube.
#pragma once

#include "agent/source/kube/body.h"

namespace sluice::source::kube {

struct BodyFormat {
  std::unique_ptr<ListReader> (*list_reader)(const Shape& shape, OnItem on_item);
  std::unique_ptr<WatchReader> (*watch_reader)(const Shape& shape, OnEvent on_event);
  ApiStatus (*status)(std::string_view body);
};
// By Boost.JSON's incremental parser.
extern const BodyFormat kJsonBody;
// What application/vnd.kubernetes.protobuf carries (kubernetes.io/docs/reference/using-api/api-concepts, "Protobuf
// encoding").
extern const BodyFormat kProtobufBody;

template <typename Reader, typename Base, typename OnValue>
std::unique_ptr<Base> make_reader(const Shape& shape, OnValue on_value) {
  return std::make_unique<Reader>(shape, std::move(on_value));
}

// Of a list's `metadata`.
ListMeta list_meta_of(const source::decode::Tree& metadata);
// What ListReader::finish() answers; `whole`: the list's end was read.
base::Result<ListMeta> finish_list(bool whole, const ListMeta& meta);

}  // namespace sluice::source::kube
