#include "agent/source/folder/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "agent/base/fd.h"
#include "agent/source/decode/decode.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/kinds.h"

namespace sluice::source::folder {
namespace {

using base::Error;
using base::Result;

// The longest tick of a kernel's coarse clock (CONFIG_HZ=100), which stamps files, and a little more.
constexpr int64_t kClockTick = 12'000'000;  // nanoseconds

constexpr const char* kChartFile = "Chart.yaml";

constexpr int kMaxAttempts = 3;  // to read a file that is written at the same time

int64_t now_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Error too_large() {
  return Error("is larger than " + std::to_string(kMaxManifestBytes >> 20) + " MiB: split it");
}

Result<FileStamp> stamp_of(const base::Fd& fd) {
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return Error::from_errno(errno, "cannot be read");
  if (!S_ISREG(status.st_mode)) return Error("is no regular file: remove it from the folder");
  FileStamp stamp = FileStamp::of(status);
  if (stamp.size > kMaxManifestBytes) return too_large();
  return stamp;
}

// All bytes from the start; `stamp` says how many to expect.
Result<std::string> read_all(const base::Fd& fd, const FileStamp& stamp) {
  std::string bytes;
  bytes.resize(stamp.size + 1);  // one more, to see the end
  size_t used = 0;
  while (true) {
    ssize_t count = pread(fd.get(), bytes.data() + used, bytes.size() - used, static_cast<off_t>(used));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::from_errno(errno, "cannot be read");
    if (count == 0) break;
    used += static_cast<size_t>(count);
    if (used > kMaxManifestBytes) return too_large();
    if (used == bytes.size()) bytes.resize(used * 2);
  }
  bytes.resize(used);
  return bytes;
}

// The bytes of a regular file, and the stamp that it had before and after they were read.
Result<std::string> read_bytes(const std::string& path, FileStamp& stamp) {
  base::Fd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return Error::from_errno(errno, "cannot be read");
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    auto before = stamp_of(fd);
    if (!before) return before.error();
    auto bytes = read_all(fd, *before);
    if (!bytes) return bytes;
    auto after = stamp_of(fd);
    if (!after) return after.error();
    stamp = *before;
    if (*before == *after) return bytes;
  }
  return Error("changes while it is read: write it elsewhere and rename it into the folder");
}

// Nothing but white space and marks between documents.
bool is_blank(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.starts_with("---") || line.starts_with("...")) line.remove_prefix(3);
    if (line.find_first_not_of(" \t\r") != line.npos) return false;
  }
  return true;
}

// Of a Helm chart, whose folder has a Chart.yaml: that file, and the values of its templates. They are no objects.
bool is_of_a_chart(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "" : path.substr(0, slash + 1),
                    name = path.substr(folder.size());
  if (name != kChartFile && !(name.starts_with("values") && is_manifest_name(name))) return false;
  struct stat status {};
  return stat((folder + kChartFile).c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// Said once a chart.
source::decode::Decoded of_a_chart(const std::string& path) {
  source::decode::Decoded decoded;
  if (path.ends_with(kChartFile))
    decoded.warnings.push_back(
        {{path, 0, 0},
         std::nullopt,
         "",
         "is a Helm chart's: it and the chart's values are passed over, and templates are read "
         "when they are rendered (helm template)"});
  return decoded;
}

}  // namespace

FileReading FolderReader::read_file(const std::string& path) {
  FileReading reading;
  reading.path = path;
  int64_t started = now_nanoseconds();
  FileStamp stamp;
  auto bytes = read_bytes(path, stamp);
  known_[path] = started - stamp.changed > kClockTick ? stamp : FileStamp{};
  if (!bytes) {
    reading.state = FileReading::State::kUnreadable;
    reading.decoded.problems.push_back({{path, 0, 0}, std::nullopt, "", bytes.error().message()});
  } else if (is_blank(*bytes)) {
    reading.state = FileReading::State::kEmpty;
  } else {
    reading.decoded =
        is_of_a_chart(path) ? of_a_chart(path) : source::decode::decode(*bytes, path, wanted_, translator_);
  }
  return reading;
}

// A link that leads nowhere is still there: it is unreadable, not gone.
bool FolderReader::is_still_there(const std::string& path) const {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

FolderReading FolderReader::read(const FolderListing& listing, const std::set<std::string>& held) {
  FolderReading reading;
  folder_problems_ = listing.problems;
  reading.problems = folder_problems_;
  for (const auto& [path, stamp] : listing.files) {
    if (held.contains(path)) continue;
    auto known = known_.find(path);
    if (known == known_.end() || known->second != stamp) reading.files.push_back(read_file(path));
  }
  auto is_unreadable = [&](const std::string& path) {
    return std::any_of(listing.unreadable.begin(), listing.unreadable.end(),
                       [&](const std::string& unreadable) {
                         return path == unreadable || path.starts_with(unreadable + "/");
                       });
  };
  for (auto known = known_.begin(); known != known_.end();) {
    if (listing.files.contains(known->first) || held.contains(known->first) || is_unreadable(known->first)) {
      ++known;
      continue;
    }
    reading.gone.push_back(known->first);
    known = known_.erase(known);
  }
  return reading;
}

FolderReading FolderReader::read_files(const std::set<std::string>& paths) {
  FolderReading reading;
  reading.problems = folder_problems_;
  for (const std::string& path : paths) {
    if (is_still_there(path)) {
      reading.files.push_back(read_file(path));
    } else if (known_.erase(path) > 0) {
      reading.gone.push_back(path);
    }
  }
  return reading;
}

void FolderReader::withdraw(const std::set<std::string>& paths, FolderReading& reading) {
  std::erase_if(reading.files, [&](const FileReading& file) {
    if (!paths.contains(file.path)) return false;
    known_[file.path] = FileStamp{};
    return true;
  });
}

namespace {

// Sources as they come, and where each object stands that is in force.
class Joining {
 public:
  Joining(decode::Translator* translator, decode::Wanted wanted) : translator_(translator), wanted_(wanted) {}

  void add(FolderReading reading) {
    for (FileReading& file : reading.files) {
      for (decode::DecodedWorkload& found : file.decoded.workloads)
        contents_.workloads.push_back(std::move(found.workload));
      for (WrittenObject& found : file.decoded.written) contents_.written.push_back(std::move(found));
      for (decode::ClosedPolicy& found : file.decoded.closed) contents_.closed.push_back(std::move(found));
    }
    FolderState source;
    for (const model::Change& change : source.apply(std::move(reading))) {
      const Place place = source.place_of(change.id()).value_or(Place());
      const auto [known, is_new] = places_.try_emplace(change.id(), place);
      if (!is_new && known->second != place)
        contents_.warnings.push_back(replaces(change.id(), place, known->second));
      known->second = place;
      contents_.cluster.apply(change);
    }
    for (decode::ForeignChange& change : source.take_foreign()) add_foreign(std::move(*change.object));
    for (Problem& problem : source.problems()) contents_.problems.push_back(std::move(problem));
    for (Warning& warning : source.warnings()) contents_.warnings.push_back(std::move(warning));
    for (const auto& [kind, count] : source.skipped()) contents_.skipped[kind] += count;
  }
  FolderContents take() {
    if (translator_ != nullptr) translate();
    std::erase_if(contents_.written, [&](const WrittenObject& object) { return is_replaced(object); });
    return std::move(contents_);
  }

 private:
  void add_foreign(decode::ForeignObject object) {
    const auto [known, is_new] = foreign_.try_emplace(object.id, object);
    if (!is_new) contents_.warnings.push_back(replaces(object.id, object.place, known->second.place));
    known->second = std::move(object);
  }

  void translate() {
    std::vector<decode::ForeignChange> foreign;
    for (const auto& [id, object] : foreign_) foreign.push_back({id, object});
    std::vector<model::Change> own = model::difference({}, contents_.cluster);
    // Where pods are to be, policies are to hold.
    for (const model::Workload& workload : contents_.workloads) {
      model::Pod pod;
      pod.name = workload.name;
      own.push_back(model::Change::upsert(std::move(pod)));
    }
    for (const model::Change& change : translator_->apply(std::move(own), foreign))
      if (change.id().kind != model::Kind::kPod) contents_.cluster.apply(change);
    for (Problem& problem : translator_->problems()) contents_.problems.push_back(std::move(problem));
    for (Warning& warning : translator_->warnings()) contents_.warnings.push_back(std::move(warning));
    if (wanted_ == decode::Wanted::kAsWritten)
      for (const auto& [id, object] : translator_->made()) contents_.written.push_back(written(id, *object));
  }

  // What is made of a foreign object stands where that does, and is silenced there.
  static WrittenObject written(const model::ObjectId& id, const decode::ForeignObject& object) {
    WrittenObject written = decode::decode_written(
        object.document->root(), {object.api_version, object.id.kind}, id.name, object.place);
    written.api_version = decode::facts_of(id.kind).api_version;
    written.kind = model::to_text(id.kind);
    return written;
  }

  // A later definition counts in its place.
  bool is_replaced(const WrittenObject& object) const {
    for (const model::Kind kind : model::kKinds)
      if (model::to_text(kind) == object.kind && decode::facts_of(kind).api_version == object.api_version)
        if (const auto counts = places_.find({kind, object.name}); counts != places_.end())
          return counts->second != object.place;
    return false;
  }

  decode::Translator* const translator_;
  const decode::Wanted wanted_;
  FolderContents contents_;
  std::map<model::ObjectId, Place> places_;
  std::map<decode::ForeignId, decode::ForeignObject> foreign_;
};

struct Asked {
  decode::Wanted wanted = decode::Wanted::kObjects;
  decode::Translator* translator = nullptr;
};

// What comes through a pipe has no size to ask for.
Result<FolderReading> read_input(int fd, const Asked& asked) {
  std::string bytes;
  char part[1 << 16];
  for (ssize_t count = 1; count != 0;) {
    count = ::read(fd, part, sizeof(part));
    if (count < 0 && errno != EINTR) return Error::from_errno(errno, "-: standard input cannot be read");
    if (count > 0) bytes.append(part, static_cast<size_t>(count));
    if (bytes.size() > kMaxManifestBytes) return too_large().within("-: standard input");
  }
  FileReading reading;
  reading.path = "-";
  reading.decoded = decode::decode(bytes, reading.path, asked.wanted, asked.translator);
  return FolderReading{{std::move(reading)}, {}, {}};
}

Result<FolderReading> reading_of(const std::string& folder, const Asked& asked) {
  auto listing = list_folder(folder);
  if (!listing) return listing.error();
  return FolderReader(asked.wanted, asked.translator).read(*listing);
}

Result<FolderReading> reading_of_any(const std::string& source, const Asked& asked) {
  if (source == "-") return read_input(STDIN_FILENO, asked);
  struct stat status {};
  const bool file = stat(source.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  return file ? FolderReader(asked.wanted, asked.translator).read_files({source}) : reading_of(source, asked);
}

}  // namespace

Result<FolderContents> read_folder(const std::string& folder, decode::Translator* translator) {
  auto reading = reading_of(folder, {decode::Wanted::kObjects, translator});
  if (!reading) return reading.error();
  Joining joining(translator, decode::Wanted::kObjects);
  joining.add(*std::move(reading));
  return joining.take();
}

Result<FolderContents> read_manifests(const std::vector<std::string>& sources, decode::Wanted wanted,
                                      decode::Translator* translator) {
  Joining joining(translator, wanted);
  for (const std::string& source : sources) {
    auto reading = reading_of_any(source, {wanted, translator});
    if (!reading) return reading.error();
    joining.add(*std::move(reading));
  }
  return joining.take();
}

}  // namespace sluice::source::folder
