#include "agent/source/folder_state.h"

#include <algorithm>

namespace sluice::source {

using model::Change;
using model::ObjectId;

FolderState::File FolderState::file_of(FileReading reading, const File& last) {
  File file;
  file.problems = std::move(reading.decoded.problems);
  file.warnings = std::move(reading.decoded.warnings);
  file.skipped = std::move(reading.decoded.skipped);
  for (DecodedObject& found : reading.decoded.objects) {
    ObjectId id = id_of(found.object);
    Place place = found.place;
    auto [first, added] = file.objects.try_emplace(id, std::move(found));
    if (!added)
      file.problems.push_back({place, id, "",
                               "is defined twice: document " + std::to_string(first->second.place.document) +
                                   " counts; remove one"});
  }
  bool whole = reading.state == FileReading::State::kRead && reading.decoded.complete;
  if (whole) {
    for (const Problem& problem : file.problems)
      if (auto old = problem.object ? last.objects.find(*problem.object) : last.objects.end();
          old != last.objects.end())
        file.objects.insert(*old);
  } else {
    if (reading.state == FileReading::State::kEmpty && !last.objects.empty())
      file.problems.push_back({{reading.path, 0, 0},
                               std::nullopt,
                               "",
                               "is empty: what it held stays in force until it is written or removed"});
    file.objects.insert(last.objects.begin(), last.objects.end());
  }
  return file;
}

const DecodedObject* FolderState::in_force(const ObjectId& id) const {
  auto owners = owners_.find(id);
  return owners == owners_.end() ? nullptr : &files_.at(*owners->second.begin()).objects.at(id);
}

void FolderState::note(const Objects& objects, InForce& before) const {
  for (const auto& [id, unused] : objects) {
    if (before.contains(id)) continue;
    const DecodedObject* found = in_force(id);
    before.emplace(id, found ? &found->object : nullptr);
  }
}

void FolderState::own(const std::string& path, const Objects& objects) {
  for (const auto& [id, unused] : objects) {
    auto& owners = owners_[id];
    owners.insert(path);
    if (owners.size() > 1) contested_.insert(id);
  }
}

void FolderState::disown(const std::string& path, const Objects& objects) {
  for (const auto& [id, unused] : objects) {
    auto owners = owners_.find(id);
    owners->second.erase(path);
    if (owners->second.size() < 2) contested_.erase(id);
    if (owners->second.empty()) owners_.erase(owners);
  }
}

std::vector<Change> FolderState::apply(FolderReading reading) {
  folder_problems_ = std::move(reading.problems);
  std::map<std::string, File> next;
  for (FileReading& file : reading.files) {
    auto last = files_.find(file.path);
    std::string path = file.path;
    next.insert_or_assign(path, file_of(std::move(file), last == files_.end() ? File{} : last->second));
  }

  // What was in force under every id that may change; the files it lives in are kept until the end.
  InForce before;
  for (const auto& [path, file] : next) {
    note(file.objects, before);
    if (auto last = files_.find(path); last != files_.end()) note(last->second.objects, before);
  }
  for (const std::string& path : reading.gone)
    if (auto last = files_.find(path); last != files_.end()) note(last->second.objects, before);

  std::vector<std::map<std::string, File>::node_type> retired;
  auto retire = [&](const std::string& path) {
    auto last = files_.find(path);
    if (last == files_.end()) return;
    disown(path, last->second.objects);
    retired.push_back(files_.extract(last));
  };
  for (const std::string& path : reading.gone)
    if (!next.contains(path)) retire(path);
  for (auto& [path, file] : next) {
    retire(path);
    own(path, file.objects);
    files_.emplace(path, std::move(file));
  }

  std::vector<Change> changes;
  for (const auto& [id, old] : before) {
    const DecodedObject* found = in_force(id);
    if (!found && old) changes.push_back(Change::remove(id));
    if (found && !(old && *old == found->object)) changes.push_back(Change::upsert(found->object));
  }
  return changes;
}

std::vector<Problem> FolderState::problems() const {
  std::vector<Problem> all = folder_problems_;
  for (const auto& [path, file] : files_) all.insert(all.end(), file.problems.begin(), file.problems.end());
  for (const ObjectId& id : contested_) {
    const auto& owners = owners_.at(id);
    for (auto owner = std::next(owners.begin()); owner != owners.end(); ++owner)
      all.push_back({files_.at(*owner).objects.at(id).place, id, "",
                     "is defined in " + *owners.begin() + " as well, which counts: remove one"});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Problem& a, const Problem& b) { return a.place < b.place; });
  return all;
}

std::vector<Warning> FolderState::warnings() const {
  std::vector<Warning> all;
  for (const auto& [path, file] : files_) all.insert(all.end(), file.warnings.begin(), file.warnings.end());
  return all;
}

SkippedKinds FolderState::skipped() const {
  SkippedKinds all;
  for (const auto& [path, file] : files_)
    for (const auto& [kind, count] : file.skipped) all[kind] += count;
  return all;
}

}  // namespace sluice::source
