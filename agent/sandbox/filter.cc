#include "agent/sandbox/filter.h"

#include <seccomp.h>

#include <cerrno>
#include <memory>
#include <string>

#include "agent/sandbox/system_calls.h"

namespace sluice::sandbox {
namespace {

using base::Error;
using base::Status;
using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

Status checked(int code, std::string_view what) {
  return code == 0 ? base::done() : Status(Error::from_errno(-code, std::string(what)));
}

// `logged`: what it refuses.
base::Result<Filter> make_filter(uint32_t otherwise, bool logged) {
  Filter filter(seccomp_init(otherwise), &seccomp_release);
  if (!filter) return Error("make a filter: out of memory");
  const std::pair<scmp_filter_attr, uint32_t> attributes[] = {
      {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
      {SCMP_FLTATR_CTL_LOG, logged ? 1U : 0U},
      // Before Linux 5.16 a filter slows its process down beside (no speculative stores); who is to be kept out has no
      // code of his own here.
      {SCMP_FLTATR_CTL_SSB, 1},
      {SCMP_FLTATR_CTL_OPTIMIZE, 2},
  };
  for (const auto& [attribute, value] : attributes)
    if (auto set = checked(seccomp_attr_set(filter.get(), attribute, value), "attribute of a filter"); !set)
      return set.error();
  return filter;
}

// Negative in libseccomp: this architecture does not have it, or a later kernel's name that it does not know.
bool is_there(int number) {
  return number >= 0;
}

Status allow(const Filter& filter, Program program) {
  for (const std::string_view name : plain_calls(program)) {
    const int number = seccomp_syscall_resolve_name(std::string(name).c_str());
    if (!is_there(number)) continue;
    if (auto added = checked(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0), name); !added)
      return added;
  }
  for (const auto& rule : argument_rules(program)) {
    const int number = seccomp_syscall_resolve_name(std::string(rule.call).c_str());
    if (!is_there(number)) continue;
    const scmp_arg_cmp compare{rule.argument, SCMP_CMP_MASKED_EQ, rule.mask, rule.value};
    if (auto added =
            checked(seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, number, 1, &compare), rule.call);
        !added)
      return added;
  }
  return base::done();
}

// The flags of clone3 are out of a filter's reach. The C library takes clone where there is no clone3, for each thread
// anew: a filter of its own, so that nothing is logged.
Status forgo_clone3(int clone3) {
  auto filter = make_filter(SCMP_ACT_ALLOW, false);
  if (!filter) return filter.error();
  if (auto added = checked(seccomp_rule_add(filter->get(), SCMP_ACT_ERRNO(ENOSYS), clone3, 0), "clone3");
      !added)
    return added;
  return checked(seccomp_load(filter->get()), "load a filter");
}

}  // namespace

Status install_filter(Program program, Mode mode) {
  const int clone3 = seccomp_syscall_resolve_name("clone3");
  if (auto forgone = forgo_clone3(clone3); !forgone) return forgone;
  auto filter = make_filter(mode == Mode::kKill ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(ENOSYS), true);
  if (!filter) return filter.error();
  if (auto allowed = allow(*filter, program); !allowed) return allowed;
  // The other filter answers it: of two that refuse it this one, the later, would count, and log it.
  if (auto added = checked(seccomp_rule_add(filter->get(), SCMP_ACT_ALLOW, clone3, 0), "clone3"); !added)
    return added;
  return checked(seccomp_load(filter->get()), "load a filter");
}

}  // namespace sluice::sandbox
