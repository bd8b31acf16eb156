// Objects of the model as an API server holds them: JSON, with the many fields that a real cluster's objects
// have and Sluice does not need. Pure; any thread.
#pragma once

#include "tests/kubeapi/world.h"

namespace sluice::bench::api {

// Without kind, apiVersion and resourceVersion, as World::put() takes it. A pod has some 4 KiB of JSON.
kubeapi::Json to_json(const model::Object& object);

// Carries a change out in the world.
struct Prepared {
  model::ObjectId id;
  std::optional<kubeapi::Json> object;  // none: it is removed
};
Prepared prepare(const model::Change& change);
void carry_out(Prepared prepared, kubeapi::World& world);

}  // namespace sluice::bench::api
