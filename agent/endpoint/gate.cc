#include "agent/endpoint/gate.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/icmp6.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <optional>
#include <vector>

namespace sluice::endpoint {
namespace {

using base::Error;
using base::Fd;
using base::Result;
using base::Status;

constexpr char kTable[] = "sluice-gate", kIn[] = "in", kOut[] = "out";
// Before all that others may have hooked there, connection tracking included.
constexpr int kPriority = -500;
constexpr uint8_t kListenerReport2 = 143;  // RFC 3810

using Fill = std::function<void(nl_msg*)>;

void put_number(nl_msg* message, int attribute, uint32_t value) {
  nla_put_u32(message, attribute, htonl(value));
}

void nest(nl_msg* message, int attribute, const Fill& fill) {
  nlattr* start = nla_nest_start(message, attribute);
  fill(message);
  nla_nest_end(message, start);
}

constexpr int nf_tables(int type) {
  return (NFNL_SUBSYS_NFTABLES << 8) | type;
}

class Messages {
 public:
  void add(int type, int flags, uint8_t family, uint16_t resource, const Fill& fill) {
    nl_msg* message = nlmsg_alloc();
    nlmsg_put(message, NL_AUTO_PORT, ++sequence_, type, sizeof(nfgenmsg), NLM_F_REQUEST | flags);
    auto* head = static_cast<nfgenmsg*>(nlmsg_data(nlmsg_hdr(message)));
    head->nfgen_family = family;
    head->version = NFNETLINK_V0;
    head->res_id = htons(resource);
    if (fill) fill(message);
    nlmsg_hdr(message)->nlmsg_pid = 0;
    const auto* bytes = reinterpret_cast<const uint8_t*>(nlmsg_hdr(message));
    bytes_.insert(bytes_.end(), bytes, bytes + NLMSG_ALIGN(nlmsg_hdr(message)->nlmsg_len));
    nlmsg_free(message);
  }
  // Sends them and calls `look` with each message of the kernel's answer until it returns false. The kernel
  // works while we send: what it has to say is there. 0 or an errno.
  int exchange(const std::function<bool(nlmsghdr*)>& look) const {
    const Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    if (!fd.valid()) return errno;
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    const auto* to = reinterpret_cast<const sockaddr*>(&kernel);
    if (::sendto(fd.get(), bytes_.data(), bytes_.size(), 0, to, sizeof kernel) < 0) return errno;
    alignas(nlmsghdr) std::array<char, 8192> bytes{};
    for (ssize_t size; (size = ::recv(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0;) {
      auto left = static_cast<int>(size);
      for (auto* head = reinterpret_cast<nlmsghdr*>(bytes.data()); nlmsg_ok(head, left);
           head = nlmsg_next(head, &left))
        if (!look(head)) return 0;
    }
    return 0;
  }

 private:
  uint32_t sequence_ = 0;
  std::vector<uint8_t> bytes_;
};

// The errno that the kernel answers with, 0 for success; nothing where the message is another one.
std::optional<int> outcome_in(nlmsghdr* head) {
  if (head->nlmsg_type != NLMSG_ERROR || head->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr))) return {};
  return -static_cast<const nlmsgerr*>(nlmsg_data(head))->error;
}

// Commands that take effect together, or none does.
class Batch {
 public:
  Batch() { messages_.add(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, {}); }
  void command(int type, int flags, const Fill& fill) {
    messages_.add(nf_tables(type), flags, NFPROTO_INET, 0, fill);
  }
  // The kernel's answer: 0 or an errno. It answers every failure, and success where a command asked for that.
  int run() {
    messages_.add(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, {});
    std::optional<int> result;
    const int failed = messages_.exchange([&result](nlmsghdr* head) {
      if (const auto outcome = outcome_in(head)) result = outcome;
      return result.value_or(0) == 0;
    });
    return failed != 0 ? failed : result.value_or(EPROTO);
  }

 private:
  Messages messages_;
};

void name_table(nl_msg* message) {
  nla_put_string(message, NFTA_TABLE_NAME, kTable);
}

// A chain that drops what no rule of it accepts.
void add_chain(Batch& batch, const char* name, uint32_t hook) {
  batch.command(NFT_MSG_NEWCHAIN, NLM_F_CREATE, [=](nl_msg* message) {
    nla_put_string(message, NFTA_CHAIN_TABLE, kTable);
    nla_put_string(message, NFTA_CHAIN_NAME, name);
    nest(message, NFTA_CHAIN_HOOK, [hook](nl_msg* inner) {
      put_number(inner, NFTA_HOOK_HOOKNUM, hook);
      put_number(inner, NFTA_HOOK_PRIORITY, static_cast<uint32_t>(kPriority));
    });
    put_number(message, NFTA_CHAIN_POLICY, NF_DROP);
    nla_put_string(message, NFTA_CHAIN_TYPE, "filter");
  });
}

void expression(nl_msg* message, const char* name, const Fill& fill) {
  nest(message, NFTA_LIST_ELEM, [&](nl_msg* inner) {
    nla_put_string(inner, NFTA_EXPR_NAME, name);
    nest(inner, NFTA_EXPR_DATA, fill);
  });
}

// Goes on where the byte in the register compares so.
void compare(nl_msg* message, uint32_t how, uint8_t value) {
  expression(message, "cmp", [=](nl_msg* data) {
    put_number(data, NFTA_CMP_SREG, NFT_REG_1);
    put_number(data, NFTA_CMP_OP, how);
    nest(data, NFTA_CMP_DATA, [value](nl_msg* inner) { nla_put(inner, NFTA_DATA_VALUE, 1, &value); });
  });
}

// Accepts ICMPv6 messages of types `first` to `last`.
void accept_icmp6(nl_msg* message, uint8_t first, uint8_t last) {
  expression(message, "meta", [](nl_msg* data) {
    put_number(data, NFTA_META_DREG, NFT_REG_1);
    put_number(data, NFTA_META_KEY, NFT_META_L4PROTO);
  });
  compare(message, NFT_CMP_EQ, IPPROTO_ICMPV6);
  expression(message, "payload", [](nl_msg* data) {
    put_number(data, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(data, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
    put_number(data, NFTA_PAYLOAD_OFFSET, offsetof(icmp6_hdr, icmp6_type));
    put_number(data, NFTA_PAYLOAD_LEN, sizeof(icmp6_hdr::icmp6_type));
  });
  compare(message, NFT_CMP_GTE, first);
  compare(message, NFT_CMP_LTE, last);
  expression(message, "immediate", [](nl_msg* data) {
    put_number(data, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    nest(data, NFTA_IMMEDIATE_DATA, [](nl_msg* value) {
      nest(value, NFTA_DATA_VERDICT,
           [](nl_msg* verdict) { put_number(verdict, NFTA_VERDICT_CODE, NF_ACCEPT); });
    });
  });
}

void add_exception(Batch& batch, const char* chain, uint8_t first, uint8_t last, int flags) {
  batch.command(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | flags, [=](nl_msg* message) {
    nla_put_string(message, NFTA_RULE_TABLE, kTable);
    nla_put_string(message, NFTA_RULE_CHAIN, chain);
    nest(message, NFTA_RULE_EXPRESSIONS, [=](nl_msg* inner) { accept_icmp6(inner, first, last); });
  });
}

// Such a kernel has no table either.
bool lacks_nf_tables(int code) {
  return code == EOPNOTSUPP || code == EPROTONOSUPPORT;
}

int close_here() {
  Batch batch;
  // The table is there after the first command and fresh after the third, whatever was before.
  batch.command(NFT_MSG_NEWTABLE, NLM_F_CREATE, name_table);
  batch.command(NFT_MSG_DELTABLE, 0, name_table);
  batch.command(NFT_MSG_NEWTABLE, NLM_F_CREATE, name_table);
  add_chain(batch, kIn, NF_INET_PRE_ROUTING);
  add_chain(batch, kOut, NF_INET_LOCAL_OUT);
  for (const char* chain : {kIn, kOut}) {
    add_exception(batch, chain, MLD_LISTENER_QUERY, ND_REDIRECT, 0);
    add_exception(batch, chain, kListenerReport2, kListenerReport2, NLM_F_ACK);
  }
  return batch.run();
}

int open_here() {
  Batch batch;
  batch.command(NFT_MSG_DELTABLE, NLM_F_ACK, name_table);
  const int code = batch.run();
  return code == ENOENT || lacks_nf_tables(code) ? 0 : code;
}

// The policy of a chain of the gate: NF_DROP, or -errno.
int policy_of(const char* chain) {
  Messages question;
  question.add(nf_tables(NFT_MSG_GETCHAIN), 0, NFPROTO_INET, 0, [chain](nl_msg* message) {
    nla_put_string(message, NFTA_CHAIN_TABLE, kTable);
    nla_put_string(message, NFTA_CHAIN_NAME, chain);
  });
  int policy = -EPROTO;
  const int failed = question.exchange([&policy](nlmsghdr* head) {
    if (const auto outcome = outcome_in(head)) policy = -*outcome;
    const nlattr* attribute = head->nlmsg_type == nf_tables(NFT_MSG_NEWCHAIN)
                                  ? nlmsg_find_attr(head, sizeof(nfgenmsg), NFTA_CHAIN_POLICY)
                                  : nullptr;
    if (attribute != nullptr) policy = static_cast<int>(ntohl(nla_get_u32(attribute)));
    return false;
  });
  return failed != 0 ? -failed : policy;
}

Status act(const Netns& netns, int (*what)(), const char* failure) {
  return within(netns, [&]() -> Status {
    const int code = what();
    if (code == 0) return base::done();
    if (lacks_nf_tables(code))
      return Error(std::string(failure) + ": this kernel has no nf_tables: load that module, or go without");
    return Error::from_errno(code, failure);
  });
}

}  // namespace

Status close_gate(const Netns& netns) {
  return act(netns, close_here, "close the network namespace");
}

Status open_gate(const Netns& netns) {
  return act(netns, open_here, "open the network namespace");
}

Result<bool> gate_is_closed(const Netns& netns) {
  return within(netns, []() -> Result<bool> {
    for (const char* chain : {kIn, kOut}) {
      const int policy = policy_of(chain);
      if (policy == -ENOENT || lacks_nf_tables(-policy) || policy == NF_ACCEPT) return false;
      if (policy != NF_DROP) return Error::from_errno(-policy, "ask for the network namespace's gate");
    }
    return true;
  });
}

}  // namespace sluice::endpoint
