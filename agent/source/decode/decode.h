// Decoding: bytes of a manifest, or one parsed Kubernetes object, to the values of agent/model.
// It decides nothing.
//
// Laws:
//  1. Each object stands or falls alone, with one Problem that names file, document, object and
//     field.
//  2. What comes out is valid, in every field that is used, as the Kubernetes API would have it.
//  3. Policies are decoded strictly: an unknown field is refused, since it would change what the
//     policy means. In other kinds unknown fields are ignored.
//  4. Lists are opened.
//  5. Kinds without meaning for network policy are counted in `skipped`; of some a warning says
//     so (kinds.h). Those that a Translator takes are foreign objects, and nothing is read of them (foreign.h).
//
// Pure; any thread. Sources: Kubernetes API v1, discovery.k8s.io/v1, networking.k8s.io/v1,
// policy.networking.k8s.io/v1alpha2, and their validation packages.
#pragma once

#include <string_view>
#include <vector>

#include "agent/model/workloads.h"
#include "agent/source/decode/documents.h"
#include "agent/source/decode/foreign.h"
#include "agent/source/finding.h"
#include "agent/source/written.h"

namespace sluice::source::decode {

struct DecodedObject {
  model::Object object;
  Place place;  // with the line at which the object itself starts
};

// What is put in force of a policy that has a fault, so that the fault opens nothing. A NetworkPolicy (semantics 40)
// isolates every pod that the whole policy might isolate, and allows only what its rules without a fault allow; of a
// ClusterNetworkPolicy (semantics 62 to 64) the rules close in which something cannot be read.
struct ClosedPolicy {
  model::Object policy;
  std::string in_force;  // "meanwhile it …", for people
};

// Where nothing of a NetworkPolicy can be relied on: it isolates every pod of the namespace in both directions, without rules.
ClosedPolicy closed_policy(model::ObjectName name);
// Where the policy was read without a fault, but its rules cannot be put in force.
ClosedPolicy without_rules(const model::NetworkPolicy& policy);
ClosedPolicy without_rules(const model::ClusterNetworkPolicy& policy);

// Pods-to-be, for those who ask for them (model/workloads.h).
struct DecodedWorkload {
  model::Workload workload;
  Place place;
};

// What is wanted of a manifest: of kinds that are not, nothing is read but what they are. kAsWritten: workloads, and
// what the file says beside the values.
enum class Wanted : uint8_t { kObjects, kWorkloadsToo, kAsWritten };

struct Decoded {
  std::vector<DecodedObject> objects;  // in the order written; one id may come twice
  std::vector<DecodedWorkload> workloads;
  std::vector<WrittenObject>
      written;  // of kAsWritten: objects, workloads, and kinds passed over with a remark
  std::vector<Problem> problems;
  std::vector<ClosedPolicy> closed;  // of the problems that are a policy whose name, and subject, are known
  std::vector<Warning> warnings;
  SkippedKinds skipped;
  std::vector<ForeignObject> foreign;  // of kinds that the translator takes, in the order written
  // False where some document did not even say which object it holds: objects not found here may still be
  // meant.
  bool complete = true;
  size_t nameless = 0;  // problems of what nobody knows the name of, told or not

  // Tells one of these, or, after kMostNameless of them, how many more there are: there may be millions in one file.
  void add_nameless(Problem problem);

 private:
  size_t count_at_ = 0;  // where that number stands in `problems`
};
inline constexpr size_t kMostNameless = 1000;

// `translator`: takes kinds that would be passed over; may be null.
Decoded decode(std::string_view bytes, const std::string& origin, Wanted wanted = Wanted::kObjects,
               const Translator* translator = nullptr);

// Appends what one document holds: an object of this kind or a list of them, which may leave out apiVersion and kind, as
// the items of a Kubernetes LIST or WATCH answer do.
void decode_object_of(model::Kind kind, const Tree& tree, const Place& place, Decoded& decoded);

}  // namespace sluice::source::decode
