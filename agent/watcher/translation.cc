#include "agent/watcher/translation.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::watcher {

using source::decode::ForeignChange;
using source::kube::ForeignSink;

Translation::Translation(std::unique_ptr<source::decode::Translator> translator, const std::string& origin,
                         source::kube::Mirror& mirror)
    : translator_(std::move(translator)), mirror_(mirror) {
  for (source::decode::ForeignResource& resource : translator_->resources())
    sinks_.push_back(std::make_unique<ForeignSink>(std::move(resource), origin));
}

void Translation::hear(model::Change change, int64_t observed) {
  if (observed_ == 0) observed_ = observed;
  own_.push_back(std::move(change));
}

bool Translation::is_listed() const {
  return mirror_.all_listed() &&
         std::all_of(sinks_.begin(), sinks_.end(), [](const auto& sink) { return sink->listed(); });
}

bool Translation::apply() {
  const bool begins = !begun_ && is_listed();
  begun_ |= begins;
  std::vector<ForeignChange> foreign;
  int64_t observed = std::exchange(observed_, 0);
  if (begun_)
    for (const auto& sink : sinks_) {
      ForeignSink::News news = sink->take();
      if (observed == 0) observed = news.observed;
      std::move(news.changes.begin(), news.changes.end(), std::back_inserter(foreign));
    }
  if (own_.empty() && foreign.empty() && !begins) return false;
  std::vector<model::Change> changes = translator_->apply(std::exchange(own_, {}), foreign);
  // The Mirror has the others.
  std::erase_if(changes, [&](const model::Change& change) { return !translator_->keeps(change.id()); });
  if (begun_) mirror_.set_made(changes, observed);
  const uint64_t version = translator_->remarks_version();
  if (std::exchange(remarks_version_, version) == version) return false;
  problems_ = translator_->problems();
  warnings_ = translator_->warnings();
  return true;
}

}  // namespace sluice::watcher
