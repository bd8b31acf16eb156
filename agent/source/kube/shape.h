// Shape: which fields of a Kubernetes object are read, by their names in JSON and their numbers
// in protobuf. One table serves both, so that both give the same Tree and with it the same model.
// Every other field is passed over without being kept.
//
// Sources: k8s.io/api/{core,discovery,networking}/v1/generated.proto and k8s.io/apimachinery
// pkg/apis/meta/v1/generated.proto, pkg/util/intstr, pkg/runtime (field numbers never change
// meaning); policy.networking.k8s.io/v1alpha2, whose objects come as JSON alone.
//
// Constant; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "agent/model/cluster.h"

namespace sluice::source::kube {

enum class FieldType : uint8_t {
  kText,
  kInteger,
  kBoolean,
  kMessage,      // of Field::shape
  kTextMap,      // map<string, string>; where there is a shape, only of the keys that it names
  kTime,         // Time: RFC 3339 text in JSON, {seconds = 1} in protobuf
  kIntOrString,  // a number or a text in JSON, {type = 1, intVal = 2, strVal = 3} in protobuf
};

struct Shape;

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order in which they are written
struct ShapeField {
  std::string_view name;  // in JSON
  uint32_t number = 0;    // in protobuf; 0: not there
  FieldType type = FieldType::kText;
  const Shape* shape = nullptr;  // of a kMessage, or a kTextMap
  bool repeated = false;
};

struct Shape {
  std::span<const ShapeField> fields;
  // An unknown field is kept, so that the decoder refuses the object: it would change what the object means.
  bool strict = false;

  const ShapeField* find(std::string_view name) const;
  const ShapeField* find(uint32_t number) const;
};

// Of an object of the kind.
const Shape& shape_of(model::Kind kind);
// Of an object of a kind that a Translator takes (decode/foreign.h): all of it but its status, and of metadata what counts.
// Such objects come as JSON alone.
extern const Shape kForeignShape;
// metadata of a list: resourceVersion, continue.
extern const Shape kListMetaShape;
// metav1.Status: what went wrong.
extern const Shape kStatusShape;

}  // namespace sluice::source::kube
