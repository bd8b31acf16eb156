#include "agent/source/folder/folder_state.h"

#include <algorithm>

#include "agent/base/excerpt.h"

namespace sluice::source::folder {

using model::Change;
using model::ObjectId;

namespace {

std::string line_of(const Place& place) {
  return "line " + std::to_string(place.line);
}

std::string twice(const Place& last, const Place& earlier) {
  const bool here = last.origin == earlier.origin;
  return "is defined in " + line_of(last) + " and in " + (here ? "" : earlier.origin + " ") +
         line_of(earlier) + ": the last counts, remove the other";
}

}  // namespace

Warning replaces(const ObjectId& id, const Place& last, const Place& earlier) {
  return {last, id, "", twice(last, earlier)};
}

Warning replaces(const decode::ForeignId& id, const Place& last, const Place& earlier) {
  return {last, std::nullopt, "", base::one_line(id.to_text() + ": " + twice(last, earlier))};
}

bool ApplyOrder::operator()(const std::string& a, const std::string& b) const {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char one, char other) { return rank(one) < rank(other); });
}

FolderState::File FolderState::file_of(FileReading reading, const File& last) {
  File file;
  file.problems = std::move(reading.decoded.problems);
  file.warnings = std::move(reading.decoded.warnings);
  file.skipped = std::move(reading.decoded.skipped);
  for (source::decode::DecodedObject& found : reading.decoded.objects) {
    const ObjectId id = id_of(found.object);
    const auto earlier = file.objects.find(id);
    if (earlier != file.objects.end())
      file.warnings.push_back(replaces(id, found.place, earlier->second.place));
    file.objects.insert_or_assign(id, std::move(found));
  }
  for (decode::ForeignObject& found : reading.decoded.foreign) {
    const auto [known, is_new] = file.foreign.try_emplace(found.id, found);
    if (!is_new) file.warnings.push_back(replaces(found.id, found.place, known->second.place));
    known->second = std::move(found);
  }
  bool whole = reading.state == FileReading::State::kRead && reading.decoded.complete;
  if (whole) {
    for (const Problem& problem : file.problems)
      if (auto old = problem.object ? last.objects.find(*problem.object) : last.objects.end();
          old != last.objects.end())
        file.objects.insert(*old);
  } else {
    if (reading.state == FileReading::State::kEmpty && !(last.objects.empty() && last.foreign.empty()))
      file.problems.push_back({{reading.path, 0, 0},
                               std::nullopt,
                               "",
                               "is empty: what it held stays in force until it is written or removed"});
    file.objects.insert(last.objects.begin(), last.objects.end());
    file.foreign.insert(last.foreign.begin(), last.foreign.end());
  }
  return file;
}

const source::decode::DecodedObject* FolderState::in_force(const ObjectId& id) const {
  auto owners = owners_.find(id);
  return owners == owners_.end() ? nullptr : &files_.at(*owners->second.rbegin()).objects.at(id);
}

std::optional<Place> FolderState::place_of(const ObjectId& id) const {
  const decode::DecodedObject* found = in_force(id);
  return found ? std::optional(found->place) : std::nullopt;
}

void FolderState::note(const Objects& objects, InForce& before) const {
  for (const auto& [id, unused] : objects) {
    if (before.contains(id)) continue;
    const source::decode::DecodedObject* found = in_force(id);
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
    const source::decode::DecodedObject* found = in_force(id);
    if (!found && old) changes.push_back(Change::remove(id));
    if (found && !(old && *old == found->object)) changes.push_back(Change::upsert(found->object));
  }
  return changes;
}

std::vector<decode::ForeignChange> FolderState::take_foreign() {
  Foreign now;
  for (const auto& [path, file] : files_)
    for (const auto& [id, object] : file.foreign) now.insert_or_assign(id, object);
  std::vector<decode::ForeignChange> changes;
  for (const auto& [id, object] : foreign_told_)
    if (!now.contains(id)) changes.push_back({id, std::nullopt});
  for (const auto& [id, object] : now) {
    const auto told = foreign_told_.find(id);
    if (told == foreign_told_.end() || told->second.document != object.document)
      changes.push_back({id, object});
  }
  foreign_told_ = std::move(now);
  return changes;
}

std::vector<Problem> FolderState::problems() const {
  std::vector<Problem> all = folder_problems_;
  for (const auto& [path, file] : files_) all.insert(all.end(), file.problems.begin(), file.problems.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const Problem& a, const Problem& b) { return a.place < b.place; });
  return all;
}

std::vector<Warning> FolderState::warnings() const {
  std::vector<Warning> all;
  for (const auto& [path, file] : files_) all.insert(all.end(), file.warnings.begin(), file.warnings.end());
  for (const ObjectId& id : contested_) {
    const auto& owners = owners_.at(id);
    const auto place = [&](const std::string& path) { return files_.at(path).objects.at(id).place; };
    for (auto earlier = owners.begin(); std::next(earlier) != owners.end(); ++earlier)
      all.push_back(replaces(id, place(*owners.rbegin()), place(*earlier)));
  }
  std::map<decode::ForeignId, Place> known;
  for (const auto& [path, file] : files_)
    for (const auto& [id, object] : file.foreign) {
      const auto [earlier, is_new] = known.try_emplace(id, object.place);
      if (!is_new) all.push_back(replaces(id, object.place, earlier->second));
      earlier->second = object.place;
    }
  return all;
}

SkippedKinds FolderState::skipped() const {
  SkippedKinds all;
  for (const auto& [path, file] : files_)
    for (const auto& [kind, count] : file.skipped) all[kind] += count;
  return all;
}

}  // namespace sluice::source::folder
