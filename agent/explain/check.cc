// Offline: a compiler for each end's node.
#include <algorithm>

#include "agent/explain/answer.h"

namespace sluice::explain {

using base::Result;
// A compiler for each node that is asked, which knows the whole cluster and holds the pods that were asked for.
struct Checker::Nodes {
 public:
  Nodes(const model::Cluster& cluster, bool with_trace, bool with_mends)
      : with_trace_(with_trace), with_mends_(with_mends) {
    for (const model::Object& object : cluster.objects()) changes_.push_back(model::Change::upsert(object));
    compile::Learnt learnt = compile::learnt_of(cluster);
    names_.insert(learnt.names.begin(), learnt.names.end());
    addresses_ = std::move(learnt.addresses);
  }

  Result<SideAnswer> side(const model::ProbeEnd& self, const compile::why::Question& question) {
    if (self.pod == nullptr) {
      SideAnswer none;
      none.text = self.ip.to_text() + " is no pod's address";
      return none;
    }
    const std::string& node = self.pod->node_name;
    auto& compiler = compilers_[node];
    if (!compiler) compiler = std::make_unique<compile::Compiler>(node);
    std::vector<compile::LocalPod>& locals = locals_[node];
    if (std::ranges::none_of(locals, [&](const auto& local) { return local.name == question.pod; })) {
      const bool first = locals.empty();
      locals.push_back({question.pod, 0});
      const std::span<const model::Change> all =
          first ? std::span<const model::Change>(changes_) : std::span<const model::Change>();
      if (first) compiler->learn(names_, addresses_);
      if (auto updated = compiler->update(all, locals); !updated) return updated.error();
    }
    auto answer = explain_side(*compiler, question, with_mends_);
    if (answer && with_trace_)
      answer->trace = trace(compiler->image(), compiler->compilation().names(), question);
    return answer;
  }

 private:
  const bool with_trace_, with_mends_;
  std::vector<model::Change> changes_;
  std::map<compile::NameSlot, std::optional<std::string>> names_;  // what names resolve to
  std::map<net::Ip, std::vector<compile::NameSlot>> addresses_;
  std::map<std::string, std::unique_ptr<compile::Compiler>> compilers_;
  std::map<std::string, std::vector<compile::LocalPod>> locals_;
};

Checker::Checker(const model::Cluster& cluster, bool with_trace, bool with_mends)
    : cluster_(cluster),
      addresses_(cluster),
      nodes_(std::make_unique<Nodes>(cluster, with_trace, with_mends)) {}
Checker::~Checker() = default;

Result<Answer> Checker::check(const model::Probe& probe, const PolicyNames& away) {
  return ask_both(
      cluster_, addresses_, probe,
      [&](const model::ProbeEnd& self, const compile::why::Question& question) {
        return nodes_->side(self, question);
      },
      away);
}

Result<NameAnswer> Checker::check(const std::string& name, model::Probe probe, const PolicyNames& away) {
  const auto known = cluster_.resolved.find(name);
  if (known == cluster_.resolved.end() || known->second.empty())
    return base::Error(name + ": no address is known for it: give them with --names FILE");
  return ask_name(name, {known->second.begin(), known->second.end()}, std::move(probe),
                  [&](const model::Probe& one) { return check(one, away); });
}

Result<Answer> check(const model::Cluster& cluster, const model::Probe& probe, bool with_trace,
                     const PolicyNames& away) {
  return Checker(cluster, with_trace).check(probe, away);
}

}  // namespace sluice::explain
