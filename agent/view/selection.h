// Selection: which selectors match which pods, kept up as both change. Pods of one namespace with the same labels are one
// PodClass, and each selector that policies name is one Interest, however many name it: so a pod that comes costs a
// look-up where others like it are there.
//
// Laws:
//  1. interest.classes has a class exactly where class.interests has the interest: where it matches.
//  2. A class lives as long as it has pods, an interest as long as somebody holds it.
//
// One thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/view/needs.h"

namespace sluice::view {

struct Interest;
struct PodEntry;  // pods.h
struct NodeView;  // node_views.h

struct PodClass {
  std::string ns;
  model::Labels labels;
  std::set<const PodEntry*> pods;
  std::set<Interest*> interests;
};

struct Interest {
  PodsKey key;
  std::set<PodClass*> classes;
  size_t holders = 0;
  std::set<model::ObjectId> subject_of;  // policies for which these pods are the subject
  std::set<NodeView*> users;             // nodes with a policy that has these pods as peers
};

class Selection {
 public:
  // The class of such pods; made where there is none. The caller adds its pod at once.
  PodClass* class_of(const std::string& ns, const model::Labels& labels);
  // Gone, if it has no pods.
  void release(PodClass* gone);

  Interest* hold(const PodsKey& key);
  void release(Interest* interest);

  // What was another of a namespace's classes before and after: for each, the interests that came or went.
  using Moved = std::vector<std::pair<PodClass*, std::vector<Interest*>>>;
  // nullptr: the Namespace is gone, and has the label of its name alone (semantics 5).
  Moved set_namespace(const std::string& ns, const model::Labels* labels);

  // The classes of a namespace.
  std::vector<const PodClass*> classes_in(const std::string& ns) const;
  size_t interest_count() const { return interests_.size(); }

 private:
  bool is_selected(const PodClass& one, const PodsKey& key) const;
  const model::Labels& labels_of(const std::string& ns) const;
  void match(PodClass& one);

  using Classes = std::map<model::Labels, std::unique_ptr<PodClass>>;
  std::map<std::string, Classes> classes_;                  // by namespace
  std::map<PodsKey, std::unique_ptr<Interest>> interests_;  // those without a namespace of their own first
  mutable std::map<std::string, model::Labels> namespaces_;
};

}  // namespace sluice::view
