// Netns: an open network namespace, and within(): a function run inside it.
//
// Laws:
//  1. The calling thread never changes namespace: within() runs its function on a thread of its
//     own, which joins the namespace and ends there.
//  2. A socket made inside stays in that namespace for good, and may be used from any thread.
//  3. An open Netns keeps the namespace alive.
//
// Joining needs CAP_SYS_ADMIN. Nothing is executed. Source: setns(2), network_namespaces(7),
// ioctl_ns(2).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::endpoint {

// What tells two namespaces apart while either exists: device and inode on nsfs.
struct NetnsId {
  uint64_t device = 0, inode = 0;
  auto operator<=>(const NetnsId&) const = default;
};

class Netns {
 public:
  // A bind mount as `ip netns add` makes it, or /proc/PID/ns/net. Anything else (a stale plain file, another
  // kind of namespace) is an error; a FIFO does not block.
  static base::Result<Netns> open(const std::string& path);
  // The calling thread's own.
  static base::Result<Netns> current();

  int fd() const { return fd_.get(); }
  const NetnsId& id() const { return id_; }

 private:
  Netns(base::Fd fd, NetnsId id) : fd_(std::move(fd)), id_(id) {}
  base::Fd fd_;
  NetnsId id_;
};

// Runs `fn` on a fresh thread with every signal blocked and waits for it. fn must not throw.
base::Status on_fresh_thread(const std::function<void()>& fn);
// The same, inside `netns`; an error where the namespace cannot be joined (fn has not run then).
base::Status run_within(const Netns& netns, const std::function<void()>& fn);

// fn() -> Result<T>, run inside `netns`; its result, or why the namespace could not be joined.
template <typename F>
std::invoke_result_t<F> within(const Netns& netns, F&& fn) {
  std::optional<std::invoke_result_t<F>> result;
  if (auto ran = run_within(netns, [&] { result.emplace(fn()); }); !ran) return ran.error();
  return std::move(*result);
}

}  // namespace sluice::endpoint
