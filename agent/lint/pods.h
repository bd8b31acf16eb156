// Pods: who is there, and whom a selector matches, by index. Private to agent/lint; one thread.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::lint {

// Of pods that take part: which ports their containers list.
struct ListedPorts {
  bool all_list = true;                     // each of them lists some
  std::vector<model::ContainerPort> ports;  // of all of them; sorted, each once
};

struct Selected {
  std::vector<uint32_t> pods;     // that take part, ascending
  std::vector<uint32_t> on_host;  // hostNetwork ones, which selectors never match (semantics 3)
  ListedPorts listed;             // of `pods`
};

// Labels of pods of a namespace, or of namespaces: key, then value, then how many.
using LabelCounts = std::map<std::string, std::map<std::string, size_t>>;

class Pods {
 public:
  explicit Pods(const model::Cluster& cluster);

  size_t size() const { return pods_.size(); }
  const model::Pod& at(uint32_t pod) const { return *pods_[pod]; }
  // Pods that take part, of a namespace; empty where it has none.
  const std::vector<uint32_t>& of_namespace(const std::string& ns) const;

  // Answers are remembered, and stay valid as long as this.
  const Selected& selected(const std::string& ns, const model::LabelSelector& selector);
  const Selected& selected(const std::string& own_ns, const model::SelectorPeer& peer);
  // By name, those that are there or that some object is in.
  const std::vector<std::string>& namespaces(const model::LabelSelector& selector);

  const std::map<std::string, model::Labels>& namespaces() const { return namespaces_; }
  const LabelCounts& labels_of_pods(const std::string& ns);
  const LabelCounts& labels_of_namespaces() const { return namespace_labels_; }

 private:
  using Posting = std::vector<uint32_t>;
  struct Index {
    Posting all;
    std::unordered_map<std::string, Posting> by_key, by_label;  // "app", "app=web"
    void add(uint32_t pod, const model::Labels& labels);
    const Posting& with_key(const std::string& key) const;
    const Posting& with_label(const std::string& key, const std::string& value) const;
    Posting matched(const model::LabelSelector& selector, const Pods& pods) const;

   private:
    // A short list that holds every pod that meets what the selector demands.
    Posting candidates(const model::LabelSelector& selector) const;
    Posting without_refused(const model::LabelSelector& selector) const;
  };

  void keep(Selected& selected, const Posting& matched) const;
  void finish(Selected& selected) const;

  std::vector<const model::Pod*> pods_;  // that run, with or without addresses of their own; by name
  std::vector<uint32_t> port_lists_;     // by pod: a place in lists_
  std::vector<std::vector<model::ContainerPort>> lists_;  // each once
  std::map<std::string, model::Labels> namespaces_;
  LabelCounts namespace_labels_;
  Index everywhere_;
  std::map<std::string, Index> by_namespace_;
  std::map<std::string, Posting> taking_part_;
  std::map<std::string, LabelCounts> pod_labels_;
  std::map<std::pair<std::string, model::LabelSelector>, Selected> selected_;
  std::map<model::SelectorPeer, Selected> selected_by_peer_;  // with a namespaceSelector
  std::map<model::LabelSelector, std::vector<std::string>> matched_namespaces_;
};

}  // namespace sluice::lint
