#include "agent/source/settle.h"

#include <algorithm>
#include <utility>

namespace sluice::source {

void Settle::note(SettleTime now) {
  if (!std::exchange(pending_, true)) first_ = now;
  last_ = now;
}

void Settle::note_changed(const std::string& path, SettleTime now) {
  writing_.erase(path);
  files_.insert(path);
  note(now);
}

void Settle::note_touched(const std::string& path, SettleTime now) {
  if (!writing_.contains(path)) note_changed(path, now);
}

void Settle::note_written(const std::string& path, SettleTime now) {
  writing_.try_emplace(path, Writing{now});
}

void Settle::note_everything(SettleTime now) {
  everything_ = true;
  note(now);
}

std::optional<SettleTime> Settle::due() const {
  std::optional<SettleTime> due;
  if (pending_) due = std::min(last_ + kSettleQuiet, first_ + kSettleLongest);
  for (const auto& [path, writing] : writing_) due = due ? std::min(*due, writing.next()) : writing.next();
  return due;
}

void Settle::release(SettleTime now) {
  std::erase_if(writing_, [&](const auto& entry) {
    if (now < entry.second.until()) return false;
    files_.insert(entry.first);
    return true;
  });
  for (auto& [path, writing] : writing_) writing.told = writing.told || now >= writing.next();
}

std::set<std::string> Settle::being_written() const {
  std::set<std::string> paths;
  for (const auto& [path, writing] : writing_) paths.insert(path);
  return paths;
}

FolderNews Settle::tell() {
  FolderNews news;
  news.everything = std::exchange(everything_, false);
  news.held = being_written();
  for (const auto& [path, writing] : writing_) {
    files_.erase(path);
    if (writing.told) news.waiting.insert(path);
  }
  news.files = std::exchange(files_, {});
  pending_ = false;
  return news;
}

std::optional<FolderNews> Settle::take(SettleTime now) {
  auto when = due();
  if (!when || now < *when) return std::nullopt;
  release(now);
  return tell();
}

FolderNews Settle::take_everything(SettleTime now) {
  release(now);
  everything_ = true;
  return tell();
}

}  // namespace sluice::source
