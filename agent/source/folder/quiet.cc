#include "agent/source/folder/quiet.h"

#include <algorithm>
#include <utility>

namespace sluice::source::folder {

void QuietPeriod::note(QuietTime now) {
  if (!std::exchange(pending_, true)) first_ = now;
  last_ = now;
}

void QuietPeriod::note_changed(const std::string& path, QuietTime now) {
  writing_.erase(path);
  files_.insert(path);
  note(now);
}

void QuietPeriod::note_touched(const std::string& path, QuietTime now) {
  if (!writing_.contains(path)) note_changed(path, now);
}

void QuietPeriod::note_written(const std::string& path, QuietTime now) {
  writing_.try_emplace(path, Writing{now});
}

void QuietPeriod::note_everything(QuietTime now) {
  everything_ = true;
  note(now);
}

std::optional<QuietTime> QuietPeriod::due() const {
  std::optional<QuietTime> due;
  if (pending_) due = std::min(last_ + kQuietFor, first_ + kQuietLongest);
  for (const auto& [path, writing] : writing_) due = due ? std::min(*due, writing.next()) : writing.next();
  return due;
}

void QuietPeriod::release(QuietTime now) {
  std::erase_if(writing_, [&](const auto& entry) {
    if (now < entry.second.until()) return false;
    files_.insert(entry.first);
    return true;
  });
  for (auto& [path, writing] : writing_) writing.reported = writing.reported || now >= writing.next();
}

std::set<std::string> QuietPeriod::being_written() const {
  std::set<std::string> paths;
  for (const auto& [path, writing] : writing_) paths.insert(path);
  return paths;
}

FolderNews QuietPeriod::release_news() {
  FolderNews news;
  news.everything = std::exchange(everything_, false);
  news.held = being_written();
  for (const auto& [path, writing] : writing_) {
    files_.erase(path);
    if (writing.reported) news.waiting.insert(path);
  }
  news.files = std::exchange(files_, {});
  pending_ = false;
  return news;
}

std::optional<FolderNews> QuietPeriod::drain(QuietTime now) {
  auto when = due();
  if (!when || now < *when) return std::nullopt;
  release(now);
  return release_news();
}

FolderNews QuietPeriod::drain_everything(QuietTime now) {
  release(now);
  everything_ = true;
  return release_news();
}

}  // namespace sluice::source::folder
