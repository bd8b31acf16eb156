#include "agent/control/learning/recall.h"

#include <set>

#include "agent/control/learning/in_use.h"
#include "agent/kernel/answers/answers.h"

namespace sluice::control::learning {

base::Status recall(const kernel::Programs& programs, const names::Limits& limits,
                    node::Reconciler& reconciler, const base::Log& log) {
  auto kept = kernel::answers::Answers::read(programs);
  if (!kept) return kept.error();
  std::set<net::Ip> servers;
  for (const auto& [ip, port] : kept->servers) servers.insert(ip);
  reconciler.reserve(std::move(servers));
  const auto nothing = [](auto&&...) { return base::done(); };
  learn::Learner learner(
      limits,
      {[&](std::string_view name) {
         return reconciler.view().compiler().compilation().names().class_for(std::string(name));
       },
       [&](const auto& names, const auto& addresses) {
         reconciler.learn(names, addresses);
         return base::done();
       },
       nothing, nothing, nothing, nothing, [](auto&&) {}, [&] { return in_use_of(programs, {}, log); }});
  learner.restore({std::move(kept->learnt), std::move(kept->texts), {}}, kernel::answers::boot_nanoseconds());
  return base::done();
}

}  // namespace sluice::control::learning
