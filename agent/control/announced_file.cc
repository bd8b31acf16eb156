#include "agent/control/announced_file.h"
#include "agent/control/endpoint_request.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "agent/base/fd.h"

namespace sluice::control {

using base::Error;
using base::Result;
using base::Status;

namespace {

Status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Error::from_errno(errno, "write " + path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return base::done();
}

Result<node::Announcement> read_line(const std::string& line) {
  v1::AddEndpointRequest request;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // of a later version
  if (!google::protobuf::util::JsonStringToMessage(line, &request, options).ok())
    return Error("is no AddEndpointRequest as JSON");
  return read_announcement(request);
}

}  // namespace

std::string announced_file(const std::string& socket) {
  return socket + ".endpoints";
}

AnnouncedRead read_announced_lines(std::istream& lines, const std::string& path) {
  AnnouncedRead read;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    auto announced = read_line(line);
    if (announced)
      read.announced.insert_or_assign(std::move(announced->key), std::move(announced->endpoint));
    else
      read.problems.push_back(path + ": line " + std::to_string(number) + ": " + announced.error().message() +
                              ": left out; its pod is found by its namespace and address");
  }
  return read;
}

Result<AnnouncedRead> read_announced_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    if (errno == ENOENT) return AnnouncedRead{};
    return Error::from_errno(errno, "open " + path);
  }
  AnnouncedRead read = read_announced_lines(file, path);
  if (file.bad()) return Error::from_errno(errno, "read " + path);
  return read;
}

Result<std::string> announced_lines(const node::Announced& announced) {
  std::string text;
  for (const auto& [key, endpoint] : announced) {
    std::string line;
    if (!google::protobuf::util::MessageToJsonString(write_announcement(key, endpoint), &line).ok())
      return Error(endpoint.pod.to_text() + " cannot be written as JSON");
    text += line + "\n";
  }
  return text;
}

Status write_announced_file(const std::string& path, const node::Announced& announced) {
  const auto text = announced_lines(announced);
  if (!text) return text.error().within("write " + path);
  const std::string fresh = path + ".new";
  const base::Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Error::from_errno(errno, "open " + fresh);
  if (auto written = write_all(fd.get(), *text, fresh); !written) return written;
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return Error::from_errno(errno, "rename " + fresh);
  return base::done();
}

Status remove_announced_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error::from_errno(errno, "remove " + path);
  return base::done();
}

}  // namespace sluice::control
