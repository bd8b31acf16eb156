// What an object's apiVersion and kind say it is (semantics 29).
//
// Laws:
//  1. What is nearly one of ours is a fault, never passed over: another case, a plural, a slip or
//     two, another version, a group that Kubernetes keeps for itself.
//  2. A group that others own is theirs. What looks like a network policy there, or has the name
//     of a kind of ours, is passed over with a remark; everything else without a word.
//  3. `List` is a list in every group, as kubectl has it.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "agent/model/cluster.h"

namespace sluice::source::decode {

struct TypeMeta {
  std::string api_version, kind;
};

struct KindFacts {
  model::Kind kind;
  std::string_view api_version;
  bool namespaced;
};
const KindFacts& facts_of(model::Kind kind);

struct KindReading {
  enum class What : uint8_t { kObject, kList, kPassedOver, kFault };
  What what = What::kPassedOver;
  // kObject, kFault: which kind it is or most likely is meant to be; kList: of the items that do not say.
  // Null: none.
  const KindFacts* facts = nullptr;
  // kFault: what is wrong with `field`; kPassedOver: why, empty where nobody need know.
  std::string remark;
  std::string field;
};

KindReading read_kind(const TypeMeta& type);

// What is left of a kind or a group when spelling is not looked at: small letters and digits alone, "networkpolicy" of
// "Network-policy".
std::string plain(std::string_view text);
// Is a plain text one or two slips of the pen from a plain name?
bool is_near(const std::string& text, const std::string& name);

// "serving.knative.dev" of "serving.knative.dev/v1"; empty of "v1".
std::string_view group_of(std::string_view api_version);

}  // namespace sluice::source::decode
