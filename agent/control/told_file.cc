#include "agent/control/told_file.h"

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

Result<ToldRequest> read_line(const std::string& line) {
  v1::AddEndpointRequest request;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // of a later version
  if (!google::protobuf::util::JsonStringToMessage(line, &request, options).ok())
    return Error("is no AddEndpointRequest as JSON");
  return read_told(request);
}

}  // namespace

std::string told_file(const std::string& socket) {
  return socket + ".endpoints";
}

ToldRead read_told_lines(std::istream& lines, const std::string& path) {
  ToldRead read;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    auto told = read_line(line);
    if (told)
      read.told.insert_or_assign(std::move(told->key), std::move(told->endpoint));
    else
      read.problems.push_back(path + ": line " + std::to_string(number) + ": " + told.error().message() +
                              ": left out; its pod is found by its namespace and address");
  }
  return read;
}

Result<ToldRead> read_told_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    if (errno == ENOENT) return ToldRead{};
    return Error::from_errno(errno, "open " + path);
  }
  ToldRead read = read_told_lines(file, path);
  if (file.bad()) return Error::from_errno(errno, "read " + path);
  return read;
}

Result<std::string> told_lines(const Told& told) {
  std::string text;
  for (const auto& [key, endpoint] : told) {
    std::string line;
    if (!google::protobuf::util::MessageToJsonString(write_told(key, endpoint), &line).ok())
      return Error(endpoint.pod.to_text() + " cannot be written as JSON");
    text += line + "\n";
  }
  return text;
}

Status write_told_file(const std::string& path, const Told& told) {
  const auto text = told_lines(told);
  if (!text) return text.error().within("write " + path);
  const std::string fresh = path + ".new";
  const base::Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Error::from_errno(errno, "open " + fresh);
  if (auto written = write_all(fd.get(), *text, fresh); !written) return written;
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return Error::from_errno(errno, "rename " + fresh);
  return base::done();
}

Status remove_told_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error::from_errno(errno, "remove " + path);
  return base::done();
}

}  // namespace sluice::control
