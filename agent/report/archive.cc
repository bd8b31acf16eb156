#include "agent/report/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "agent/base/fd.h"

namespace sluice::report {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr mode_t kOwnersOwn = 0600;

struct Free {
  void operator()(archive* writer) const noexcept { ::archive_write_free(writer); }
  void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, Free>;

Error error_of(archive& writer, const std::string& what) {
  if (const int code = ::archive_errno(&writer); code > 0) return Error::from_errno(code, what);
  const char* text = ::archive_error_string(&writer);
  return Error(what + ": " + (text != nullptr ? text : "libarchive says no more"));
}

Status add(archive& writer, const std::string& name, const std::string& content, int64_t time) {
  const std::unique_ptr<archive_entry, Free> entry(::archive_entry_new());
  if (!entry) return Error(name + ": out of memory");
  ::archive_entry_set_pathname(entry.get(), name.c_str());
  ::archive_entry_set_filetype(entry.get(), AE_IFREG);
  ::archive_entry_set_perm(entry.get(), kOwnersOwn);
  ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  ::archive_entry_set_mtime(entry.get(), time, 0);
  if (::archive_write_header(&writer, entry.get()) != ARCHIVE_OK) return error_of(writer, name);
  const la_ssize_t written = ::archive_write_data(&writer, content.data(), content.size());
  if (written != static_cast<la_ssize_t>(content.size())) return error_of(writer, name);
  return base::done();
}

}  // namespace

Result<uint64_t> write_archive(int fd, const std::string& folder, const std::vector<ReadPart>& parts,
                               int64_t time) {
  const Writer writer(::archive_write_new());
  if (!writer) return Error("out of memory");
  const bool is_open = ::archive_write_set_format_ustar(writer.get()) == ARCHIVE_OK &&
                       ::archive_write_add_filter_gzip(writer.get()) == ARCHIVE_OK &&
                       ::archive_write_set_options(writer.get(), "gzip:!timestamp") == ARCHIVE_OK &&
                       ::archive_write_set_bytes_in_last_block(writer.get(), 1) == ARCHIVE_OK &&
                       ::archive_write_open_fd(writer.get(), fd) == ARCHIVE_OK;
  if (!is_open) return error_of(*writer, "begin the archive");
  if (auto added = add(*writer, folder + "/CONTENTS", contents_text(parts), time); !added)
    return added.error();
  for (const ReadPart& part : parts) {
    if (!part.content) continue;
    if (auto added = add(*writer, folder + "/" + part.name, *part.content, time); !added)
      return added.error();
  }
  if (::archive_write_close(writer.get()) != ARCHIVE_OK) return error_of(*writer, "end the archive");
  return static_cast<uint64_t>(::archive_filter_bytes(writer.get(), -1));
}

Result<uint64_t> write_file(const std::string& path, const std::string& folder,
                            const std::vector<ReadPart>& parts, int64_t time) {
  base::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOwnersOwn));
  if (!file.valid() && errno == EEXIST) return Error(path + ": is there already: name another, or remove it");
  if (!file.valid()) return Error::from_errno(errno, path);
  auto written = write_archive(file.get(), folder, parts, time);
  if (written && ::fsync(file.get()) != 0) written = Error::from_errno(errno, "write it to the disk");
  if (written) return written;
  ::unlink(path.c_str());
  return written.error().within(path);
}

}  // namespace sluice::report
