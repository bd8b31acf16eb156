#include "agent/cni/installer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <thread>

#include "agent/cni/input.h"
#include "agent/endpoint/discover.h"

namespace sluice::cni {
namespace {

using base::Error;
using base::Fd;
using base::Result;

constexpr std::chrono::milliseconds kLockPatience{5000}, kLockPause{20};

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_there(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

// A regular file's bytes, bounded.
Result<std::string> read_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return Error::from_errno(errno, "open");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return Error::from_errno(errno, "stat");
  if (!S_ISREG(info.st_mode)) return Error("is no regular file");
  return read_all(fd.get(), kLargestConfig, kInputDeadline);
}

bool same_bytes(const Fd& one, const Fd& other) {
  constexpr size_t kChunk = 1U << 16;
  std::vector<char> left(kChunk), right(kChunk);
  for (off_t at = 0;; at += static_cast<off_t>(kChunk)) {
    const ssize_t a = ::pread(one.get(), left.data(), kChunk, at);
    const ssize_t b = ::pread(other.get(), right.data(), kChunk, at);
    if (a < 0 || a != b || !std::equal(left.begin(), left.begin() + a, right.begin())) return false;
    if (static_cast<size_t>(a) < kChunk) return true;
  }
}

bool is_current(const NodeFiles& node) {
  const Fd wanted(::open(node.program.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd present(::open(node.plugin().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat is {
  }, should{};
  if (!wanted.valid() || !present.valid() || ::fstat(wanted.get(), &should) != 0 ||
      ::fstat(present.get(), &is) != 0)
    return false;
  if (!S_ISREG(is.st_mode) || is.st_size != should.st_size || (is.st_mode & 0111U) != 0111U) return false;
  return same_bytes(wanted, present);
}

// The names of the files that runtimes read, in the runtimes' order. A directory is none, whatever its name.
Result<std::vector<std::string>> configurations(const NodeFiles& node) {
  auto names = endpoint::names_in(node.conf_dir);
  if (!names) return names.error();
  std::erase_if(*names, [&](const std::string& name) {
    return !is_configuration_name(name) || is_directory(node.conf_dir + "/" + name);
  });
  return names;
}

// Notes the first configuration that names our program. One that cannot be read is passed over: no runtime can use it.
void note_first_naming_us(const NodeFiles& node, const std::vector<std::string>& names, Survey& survey) {
  for (const std::string& name : names) {
    const auto bytes = read_file(node.conf_dir + "/" + name);
    if (!bytes || bytes->find(kPluginType) == std::string::npos) continue;
    survey.named_in = name;
    survey.precedes_bandwidth = precedes_bandwidth(*bytes);
    return;
  }
}

Decision nothing_but(std::string problem) {
  return {{}, {}, std::move(problem)};
}

Decision removal(const Survey& survey, const NodeFiles& node, const std::string& why) {
  if (!survey.configuration_exists) return {};
  return {{Remove{node.configuration()}, Remove{node.configuration_draft()}, SyncDirectory{node.conf_dir}},
          "removed " + node.configuration() + why,
          {}};
}

constexpr char kOpenMeanwhile[] =
    ": the agent cannot run, so that pods are let go WITHOUT their policy (onFailure permissive) until one "
    "does: ";

// The entry that is written: permissive while this node's agent cannot run.
Entry allowed(Entry entry, const AgentState& agent) {
  if (agent.kind == AgentState::Kind::kCannotRun) entry.on_failure = OnFailure::kPermissive;
  return entry;
}

Decision decide_configuration(const Survey& survey, const NodeFiles& node, const Entry& wanted) {
  if (!survey.conf_dir_exists)
    return nothing_but(node.conf_dir + ": does not exist: install a network plugin, or give its --conf-dir");
  if (survey.base_name.empty()) {
    Decision decision = removal(survey, node, ": the configuration that it was made from is gone");
    decision.problem = node.conf_dir + ": has no network configuration but ours: install a network plugin";
    return decision;
  }
  const std::string path = node.conf_dir + "/" + survey.base_name;
  if (survey.base_name < kOurConfiguration)
    return nothing_but(path + ": its name comes before " + kOurConfiguration +
                       ", so that runtimes would not use ours: give it a name that begins with 06 or more");
  if (!survey.base_bytes) return nothing_but(survey.base_bytes.error().within(path).message());
  if (!survey.ours && survey.agent.kind != AgentState::Kind::kFine)
    return nothing_but(node.configuration() +
                       ": begins once an agent is ready on this node: " + survey.agent.why);
  const Base base{survey.base_name, *survey.base_bytes};
  const Entry entry = allowed(wanted, survey.agent);
  const std::string problem = survey.agent.kind == AgentState::Kind::kFine
                                  ? ""
                                  : node.configuration() + kOpenMeanwhile + survey.agent.why;
  auto composed = compose(base, entry);
  if (!composed)
    return nothing_but(composed.error().within(path).message() +
                       (survey.ours ? ": what stands in " + node.configuration() + " stays" : ""));
  const bool is_due = !survey.ours || !is_composed_of(*survey.ours, base, entry);
  if (!is_due && !precedes_bandwidth(*survey.ours)) return nothing_but(problem);
  if (!is_due) composed = put_last(*survey.ours);
  if (!composed) return nothing_but(composed.error().within(node.configuration()).message());
  return {
      {WriteFile{node.configuration_draft(), *composed},
       Rename{node.configuration_draft(), node.configuration()}, SyncDirectory{node.conf_dir}},
      "wrote " + node.configuration() +
          (is_due ? " after " + survey.base_name : ": sluice-cni stands behind the bandwidth plugin again"),
      problem};
}

Result<Fd> lock(const std::string& dir) {
  Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Error::from_errno(errno, "open " + dir);
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return Error::from_errno(errno, "lock " + dir);
    if (std::chrono::steady_clock::now() > deadline)
      return Error("lock " + dir + ": another installer is at work: stop it");
    std::this_thread::sleep_for(kLockPause);
  }
  return fd;
}

}  // namespace

std::string explained(const Error& error) {
  if (error.code() != EACCES) return error.message();
  return error.message() +
         ": give the folder to the user that installs, or that user CAP_DAC_OVERRIDE (the chart's "
         "cni.extraCapabilities)";
}

AgentState followed_state(const NodeFiles& node) {
  if (node.followed_agent.empty()) return {};
  return agent_state(node.followed_agent, is_there(node.configuration()));
}

Result<Survey> survey(const NodeFiles& node) {
  Survey survey;
  survey.agent = followed_state(node);
  survey.conf_dir_exists = is_directory(node.conf_dir);
  survey.bin_dir_exists = is_directory(node.bin_dir);
  survey.plugin_exists = is_there(node.plugin()) || is_there(node.plugin_draft());
  survey.program_is_current = is_current(node);
  if (!survey.conf_dir_exists) return survey;
  const auto names = configurations(node);
  if (!names) return names.error();
  note_first_naming_us(node, *names, survey);
  const auto base = std::ranges::find_if(*names, [](const auto& name) { return name != kOurConfiguration; });
  if (base != names->end()) {
    survey.base_name = *base;
    survey.base_bytes = read_file(node.conf_dir + "/" + *base);
  }
  survey.configuration_exists = is_there(node.configuration()) || is_there(node.configuration_draft());
  if (is_there(node.configuration())) {
    auto ours = read_file(node.configuration());
    survey.ours = ours ? *ours : std::string();  // there, and of no use
  }
  return survey;
}

Decision decide_install(const Survey& survey, const NodeFiles& node, const Entry& entry) {
  Decision decision = decide_configuration(survey, node, entry);
  if (survey.program_is_current) return decision;
  std::vector<Step> steps;
  if (!survey.bin_dir_exists) steps.emplace_back(MakeDirectories{node.bin_dir});
  steps.insert(steps.end(), {CopyProgram{node.program, node.plugin_draft()},
                             Rename{node.plugin_draft(), node.plugin()}, SyncDirectory{node.bin_dir}});
  decision.steps.insert(decision.steps.begin(), steps.begin(), steps.end());
  decision.change = "wrote " + node.plugin() + (decision.change.empty() ? "" : "; " + decision.change);
  return decision;
}

base::Status check_installed(const NodeFiles& node, const Entry& entry) {
  const auto seen = survey(node);
  if (!seen) return seen.error();
  const Decision due = decide_install(*seen, node, entry);
  if (!due.problem.empty()) return Error(due.problem);
  if (!seen->program_is_current)
    return Error(node.plugin() + ": is missing, or another one than this program: run sluice-cni install");
  if (!due.steps.empty())
    return Error(node.configuration() + ": is missing, or not what " + seen->base_name +
                 " and these options make: run sluice-cni install");
  return base::done();
}

Decision decide_uninstall_configuration(const Survey& survey, const NodeFiles& node) {
  return removal(survey, node, "");
}

Decision decide_uninstall_program(const Survey& survey, const NodeFiles& node) {
  if (!survey.plugin_exists) return {};
  if (!survey.named_in.empty())
    return {{},
            "kept " + node.plugin() + ": " + node.conf_dir + "/" + survey.named_in +
                " names it: take it out there, then uninstall again",
            {}};
  return {{Remove{node.plugin()}, Remove{node.plugin_draft()}, SyncDirectory{node.bin_dir}},
          "removed " + node.plugin(),
          {}};
}

Result<Decision> carry_out(const NodeFiles& node, const Decide& decide) {
  Fd held;
  if (is_directory(node.conf_dir)) {
    auto locked = lock(node.conf_dir);
    if (!locked) return locked.error();
    held = std::move(*locked);
  }
  auto seen = survey(node);
  if (!seen) return seen.error();
  Decision decision = decide(*seen);
  if (auto status = carry_out(decision.steps); !status) return status.error();
  return decision;
}

}  // namespace sluice::cni
