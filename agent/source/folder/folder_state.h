// FolderState: what a folder of manifests means over time. It is given what was read, and answers
// with changes.
//
// Laws:
//  1. What is in force is a function of the files' last good contents. Of an object defined
//     several times the last definition counts, files in the order of `kubectl apply -R`, with a
//     warning that names the other.
//  2. An object that is wrong in its file keeps the last version that was good there.
//  3. A file keeps every object that it last held and that was not read anew where it cannot be
//     read, is empty (blank), or has a document that does not say which object it holds.
//  4. An object goes only with its file, or where the file was read whole without it.
//  5. Changes are ordered by kind and name, and never repeat what is in force.
//  6. Foreign objects have laws 1, 3 and 4 too.
//
// Pure; not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/source/decode/decode.h"

namespace sluice::source::folder {

struct FileReading {
  enum class State : uint8_t {
    kRead,        // `decoded` is what the whole file holds
    kEmpty,       // nothing but white space and "---": mostly a file that is about to be written
    kUnreadable,  // `decoded.problems` say why
  };
  std::string path;
  State state = State::kRead;
  source::decode::Decoded decoded;
};

struct FolderReading {
  std::vector<FileReading> files;  // those that were read anew
  std::vector<std::string> gone;   // those that are no longer there
  std::vector<Problem> problems;   // of the folder as a whole; they replace those given before
};

// Files in the order in which `kubectl apply -R` reads a folder: name by name, a directory at its own name.
struct ApplyOrder {
  bool operator()(const std::string& a, const std::string& b) const;
};

// Said of a definition that counts, beside an earlier one.
Warning replaces(const model::ObjectId& id, const Place& last, const Place& earlier);
Warning replaces(const decode::ForeignId& id, const Place& last, const Place& earlier);

class FolderState {
 public:
  // Takes in a reading; answers what has to change in force.
  std::vector<model::Change> apply(FolderReading reading);
  // What has to change of foreign objects, since it was asked last.
  std::vector<decode::ForeignChange> take_foreign();

  // Where the definition stands that is in force; none where there is none.
  std::optional<Place> place_of(const model::ObjectId& id) const;

  // As of the last reading, in the order of files and documents.
  std::vector<Problem> problems() const;
  std::vector<Warning> warnings() const;
  SkippedKinds skipped() const;

 private:
  using Objects = std::map<model::ObjectId, source::decode::DecodedObject>;
  using Foreign = std::map<decode::ForeignId, decode::ForeignObject>;
  struct File {
    Objects objects;  // in force, or replaced by a later file
    Foreign foreign;
    std::vector<Problem> problems;
    std::vector<Warning> warnings;
    SkippedKinds skipped;
  };
  using InForce = std::map<model::ObjectId, const model::Object*>;  // null: none

  static File file_of(FileReading reading, const File& last);
  const source::decode::DecodedObject* in_force(const model::ObjectId& id) const;
  void note(const Objects& objects, InForce& before) const;
  void own(const std::string& path, const Objects& objects);
  void disown(const std::string& path, const Objects& objects);

  std::map<std::string, File, ApplyOrder> files_;
  std::map<model::ObjectId, std::set<std::string, ApplyOrder>> owners_;  // paths that define it; never empty
  std::set<model::ObjectId> contested_;                                  // with more than one owner
  Foreign foreign_told_;                                                 // as take_foreign() told it
  std::vector<Problem> folder_problems_;
};

}  // namespace sluice::source::folder
