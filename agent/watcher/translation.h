// Translation: policies of kinds that are not ours, as an API server has them, and what a Translator makes of them in a
// Mirror (decode/foreign.h).
//
// Laws:
//  1. Nothing is made before every kind of the Mirror and every resource of the Translator was listed whole once; then all of
//     it in one step, before the Mirror is complete. So no agent is told of a cluster without them.
//  2. After that apply() takes in what changed since, and costs what the Translator's apply() does of that alone.
//
// One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/source/decode/foreign.h"
#include "agent/source/kube/sink.h"

namespace sluice::watcher {

class Translation {
 public:
  // `origin`: what findings name as the place. The mirror must outlive it.
  Translation(std::unique_ptr<source::decode::Translator> translator, const std::string& origin,
              source::kube::Mirror& mirror);

  // By the Translator's resources().
  const std::vector<std::unique_ptr<source::kube::ForeignSink>>& sinks() const { return sinks_; }
  // The Mirror calls it on every change of its objects.
  void hear(model::Change change, int64_t observed);
  // True where problems and warnings may be others.
  bool apply();

  // Of the moment: an object that could not be said, and is closed; what allows less than it says.
  const std::vector<source::Problem>& problems() const { return problems_; }
  const std::vector<source::Warning>& warnings() const { return warnings_; }

 private:
  bool is_listed() const;

  const std::unique_ptr<source::decode::Translator> translator_;
  source::kube::Mirror& mirror_;
  std::vector<std::unique_ptr<source::kube::ForeignSink>> sinks_;
  std::vector<model::Change> own_;  // heard, not yet taken in
  int64_t observed_ = 0;            // the first of these
  bool begun_ = false;              // foreign objects are taken in
  uint64_t remarks_version_ = 0;    // the Translator's
  std::vector<source::Problem> problems_;
  std::vector<source::Warning> warnings_;
};

}  // namespace sluice::watcher
