#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "bench/wire/command.h"
#include "bench/wire/protection.h"
#include "bench/wire/rule_scripts.h"
#include "bench/wire/world.h"

namespace sluice::bench::wire {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr timeval kAnswerDeadline{.tv_sec = 10, .tv_usec = 0};

// The connection tracking of one namespace, by ctnetlink (linux/netfilter/nfnetlink_conntrack.h).
class Conntrack {
 public:
  // Of the calling thread's namespace.
  static Result<Conntrack> open() {
    base::Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    if (!socket.valid()) return Error::from_errno(errno, "conntrack: netlink socket");
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerDeadline, sizeof(kAnswerDeadline));
    return Conntrack(std::move(socket));
  }

  // A delete that names no connection deletes them all.
  Status flush() {
    struct {
      nlmsghdr header;
      nfgenmsg family;
    } request{};
    request.header.nlmsg_len = sizeof(request);
    request.header.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    request.family.nfgen_family = AF_INET;
    request.family.version = NFNETLINK_V0;
    if (::send(socket_.get(), &request, sizeof(request), 0) != sizeof(request))
      return Error::from_errno(errno, "conntrack: flush");
    struct {
      nlmsghdr header;
      nlmsgerr answer;
    } reply{};
    if (::recv(socket_.get(), &reply, sizeof(reply), 0) <
        static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof(int)))
      return Error::from_errno(errno, "conntrack: flush: no answer");
    if (reply.answer.error != 0) return Error::from_errno(-reply.answer.error, "conntrack: flush");
    return base::done();
  }

 private:
  explicit Conntrack(base::Fd socket) : socket_(std::move(socket)) {}
  base::Fd socket_;
};

class RuleProtection final : public Protection {
 public:
  RuleProtection(Conntrack conntrack, std::string variant)
      : conntrack_(std::move(conntrack)), variant_(std::move(variant)) {}
  Status forget_connections() override { return conntrack_.flush(); }
  std::string variant() const override { return variant_; }

 private:
  Conntrack conntrack_;
  std::string variant_;
};

// Which iptables took the rules.
Result<std::string> restore(const Site& site, const std::string& script) {
  const Status legacy = run_command(site.router(), {"iptables-legacy-restore", "-w"}, script);
  if (legacy) return std::string("iptables-legacy");
  const Status over_nft = run_command(site.router(), {"iptables-nft-restore"}, script);
  if (over_nft) return std::string("iptables-nft");
  return Error(legacy.error().message() + "; " + over_nft.error().message());
}

Result<std::string> load_rules(Kind kind, const Site& site, const std::vector<FlatPod>& flat) {
  if (kind == Kind::kIptables) return restore(site, iptables_script(flat));
  if (kind == Kind::kIpset) {
    const IpsetScripts scripts = ipset_scripts(flat);
    if (auto sets = run_command(site.router(), {"ipset", "restore"}, scripts.sets); !sets)
      return sets.error();
    return restore(site, scripts.rules);
  }
  if (auto loaded = run_command(site.router(), {"nft", "-f", "-"}, nftables_script(flat)); !loaded)
    return loaded.error();
  return std::string("nf_tables");
}

}  // namespace

Result<std::unique_ptr<Protection>> protect_with_rules(Kind kind, const Site& site,
                                                       const model::Cluster& cluster) {
  auto flat = flatten(cluster, local_pods());
  if (!flat) return flat.error();
  auto variant = load_rules(kind, site, *flat);
  if (!variant) return variant.error();
  auto conntrack = endpoint::within(site.router(), Conntrack::open);
  if (!conntrack) return conntrack.error();
  return std::unique_ptr<Protection>(std::make_unique<RuleProtection>(std::move(*conntrack), *variant));
}

}  // namespace sluice::bench::wire
