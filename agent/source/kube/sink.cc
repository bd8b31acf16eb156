#include "agent/source/kube/sink.h"

#include "agent/source/decode/decode.h"
#include "agent/source/decode/tree_builder.h"

namespace sluice::source::kube {
namespace {

model::ObjectName name_of(const source::decode::Tree& object) {
  const source::decode::Tree metadata = object.find("metadata");
  return {std::string(metadata.find("namespace").text()), std::string(metadata.find("name").text())};
}

}  // namespace

bool MirrorSink::put(const source::decode::Tree& object, int64_t observed) {
  source::decode::Decoded decoded;
  source::decode::decode_object_of(kind_, object, {origin_, 0, 0}, decoded);
  if (!decoded.objects.empty()) {
    mirror_.upsert(decoded.objects.front().object, {{}, std::move(decoded.warnings)}, observed);
  } else if (!decoded.closed.empty()) {
    const source::decode::ClosedPolicy& closed = decoded.closed.front();
    decoded.problems.front().message += "; " + closed.in_force;
    mirror_.upsert(closed.policy, {std::move(decoded.problems), {}}, observed);
  } else if (!decoded.problems.empty()) {
    mirror_.refuse({kind_, name_of(object)}, std::move(decoded.problems.front()));
  } else {
    remove(object, observed);
    return false;
  }
  return true;
}

void MirrorSink::remove(const source::decode::Tree& object, int64_t observed) {
  mirror_.remove({kind_, name_of(object)}, observed);
}

source::decode::ForeignId ForeignSink::id_of(const source::decode::Tree& object) const {
  return {resource_.kind, name_of(object)};
}

bool ForeignSink::put(const source::decode::Tree& object, int64_t observed) {
  const source::decode::ForeignId id = id_of(object);
  const std::string version(object.find("metadata").find("resourceVersion").text());
  Known& known = known_[id];
  known.generation = generation_;
  if (!version.empty() && known.version == version) return true;
  known.version = version;
  auto document = std::make_shared<const source::decode::Document>(source::decode::copy_of(object));
  add({id, source::decode::ForeignObject{id, resource_.api_version, std::move(document), {origin_, 0, 0}}},
      observed);
  return true;
}

void ForeignSink::remove(const source::decode::Tree& object, int64_t observed) {
  const source::decode::ForeignId id = id_of(object);
  if (known_.erase(id) > 0) add({id, std::nullopt}, observed);
}

void ForeignSink::end_list(int64_t observed) {
  listed_ = true;
  for (auto known = known_.begin(); known != known_.end();) {
    if (known->second.generation == generation_) {
      ++known;
      continue;
    }
    add({known->first, std::nullopt}, observed);
    known = known_.erase(known);
  }
}

void ForeignSink::add(source::decode::ForeignChange change, int64_t observed) {
  if (news_.changes.empty() || news_.observed == 0) news_.observed = observed;
  news_.changes.push_back(std::move(change));
}

}  // namespace sluice::source::kube
