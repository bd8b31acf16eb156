// A kind a function; private to the room, object.h has the laws.
#pragma once

#include "agent/source/encode/object.h"

namespace sluice::source::encode {

// apiVersion, kind and metadata with the name alone.
boost::json::object object_of(std::string_view api_version, std::string_view kind,
                              const model::ObjectName& name);
boost::json::object labels_object(const model::Labels& labels);
// Those whose text is not empty.
void add_annotations(const model::Labels& annotations, boost::json::object& metadata);
boost::json::object selector_object(const model::LabelSelector& selector);
std::string prefixes_text(const std::vector<net::Cidr>& source_prefixes);
inline std::string text_if(bool there, const char* text) {
  return there ? text : "";
}

boost::json::object to_json_object(const model::Pod& pod);
boost::json::object to_json_object(const model::Service& service);
boost::json::object to_json_object(const model::EndpointSlice& slice);

}  // namespace sluice::source::encode
