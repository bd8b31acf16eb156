#include "agent/apps/confined.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace sluice::apps {
namespace {

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

std::string without_links(const std::string& path) {
  std::error_code code;
  const auto real = std::filesystem::weakly_canonical(path, code);
  return code ? path : real.string();
}

// Who replaces a folder by another one of its name, or where a link to it leads, means the same files. Of the root nobody
// does.
void add_replaceable(const std::string& path, std::vector<std::string>& read) {
  if (path.empty()) return;
  read.push_back(path);
  for (const std::string& around : {folder_of(path), folder_of(without_links(path))})
    if (around != "/") read.push_back(around);
}

// Where a folder is, or will be once it is made.
std::string nearest_there(std::string folder) {
  std::error_code code;
  while (folder != "/" && !std::filesystem::exists(folder, code)) folder = folder_of(folder);
  return folder;
}

// What libraries look at: the kernel's facts, random numbers, the configuration of OpenSSL, time zones.
std::vector<std::string> of_libraries() {
  std::vector<std::string> all = {"/proc",    "/sys",           "/dev/null",          "/dev/urandom",
                                  "/etc/ssl", "/etc/localtime", "/usr/share/zoneinfo"};
  for (const char* name : {"TZDIR", "OPENSSL_CONF"})
    if (const char* path = std::getenv(name); path != nullptr) all.emplace_back(path);
  return all;
}

}  // namespace

base::Result<sandbox::Mode> sandbox_mode(const DaemonOptions& options, const char* environment) {
  if (!options.sandbox.empty()) return sandbox::parse_mode(options.sandbox);
  if (environment == nullptr || *environment == '\0') return sandbox::parse_mode(SLUICE_SANDBOX_DEFAULT);
  return sandbox::parse_mode(environment).within("$SLUICE_SANDBOX");
}

sandbox::Needs agent_needs(const AgentFolders& folders) {
  sandbox::Needs needs;
  needs.program = sandbox::Program::kAgent;
  // The verifier has had CAP_PERFMON, a limit of memory CAP_SYS_RESOURCE. CAP_DAC_READ_SEARCH: who runs it by hand keeps
  // manifests in a folder of his own.
  needs.capabilities = {CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_NET_RAW};
  if (!folders.manifests.empty()) needs.capabilities.push_back(CAP_DAC_READ_SEARCH);
  needs.files.read = of_libraries();
  needs.files.read.push_back(folders.netns_dir);
  // It may come later, go and come again, or get a mount: whoever cannot read it then protects no new pod.
  needs.files.read.push_back(nearest_there(folder_of(folders.netns_dir)));
  add_replaceable(folders.manifests, needs.files.read);
  needs.files.written = {folders.bpffs, folder_of(folders.socket)};
  return needs;
}

sandbox::Needs watcher_needs(const std::vector<std::string>& files, const WatcherPorts& ports) {
  sandbox::Needs needs;
  needs.program = sandbox::Program::kWatcher;
  // Names of hosts are resolved by plugins of the C library, by files of /etc and what these link to.
  needs.files.read = of_libraries();
  for (const char* path : {"/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve", "/run/resolvconf"})
    needs.files.read.emplace_back(path);
  for (const char* name : {"SSL_CERT_FILE", "SSL_CERT_DIR"})
    if (const char* path = std::getenv(name); path != nullptr) needs.files.read.emplace_back(path);
  for (const std::string& file : files) {
    if (file.empty()) continue;
    const std::string path = std::filesystem::absolute(file).string();
    needs.files.read.push_back(folder_of(path));
    needs.files.read.push_back(folder_of(without_links(path)));
  }
  const auto add_number = [](const std::string& port, std::vector<uint16_t>& numbers) {
    uint16_t number = 0;
    if (std::from_chars(port.data(), port.data() + port.size(), number).ec == std::errc())
      numbers.push_back(number);
  };
  for (const std::string& port : ports.connects) add_number(port, needs.connects);
  for (const std::string& port : ports.binds) add_number(port, needs.binds);
  needs.connects.push_back(53);  // a long answer of a name server
  return needs;
}

void prepare_socket_folder(const std::string& socket, std::optional<uint32_t> group) {
  const std::string folder = folder_of(socket);
  std::error_code code;
  if (!std::filesystem::exists(folder, code)) {
    std::filesystem::create_directories(folder_of(folder), code);
    ::mkdir(folder.c_str(), 0700);  // a failure is said by who binds the socket
  }
  if (!group) return;
  const int count = ::getgroups(0, nullptr);
  std::vector<gid_t> groups(count > 0 ? static_cast<size_t>(count) : 0);
  if (count > 0 && ::getgroups(count, groups.data()) < 0) return;
  groups.push_back(*group);
  (void)::setgroups(groups.size(),
                    groups.data());  // not allowed: it is in the group, or is told so when it gives it
}

std::vector<std::string> confine(const sandbox::Needs& needs, sandbox::Mode mode, const base::Log& log) {
  auto lacking = sandbox::confine(needs, mode);
  for (const std::string& line : lacking) log.warn("unconfined", {{"what", line}});
  return lacking;
}

}  // namespace sluice::apps
