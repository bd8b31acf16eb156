// toPorts and icmps of a rule of Cilium.
#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/convert/cilium.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"
#include "agent/source/decode/scalars.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;

constexpr int64_t kGreatestPort = 65535;

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : static_cast<char>(c);
  });
  return text;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A port by number, "0" for all of them, or by name; and endPort: from "0" on it is a range too. 0 itself is nobody's port.
std::variant<std::monostate, net::PortRange, std::string> read_cilium_port(const Field& field) {
  const Field port = field.get("port"), end = field.get("endPort");
  const std::string text(port.absent() ? std::string() : std::string(port.tree().text()));
  if (!is_number(text)) {
    std::string name = text;
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (name.empty()) port.fail("is missing: write a number or a name");
    port.check(text, decode::port_name_fault(name));
    return name;
  }
  if (text.size() > 1 && text.front() == '0')
    port.fail(base::excerpt(text) + " begins with 0, which Cilium reads as octal: write it without");
  const int64_t first = text.size() > 5 ? kGreatestPort + 1 : std::stoll(text);
  if (first > kGreatestPort) port.fail(base::excerpt(text) + " is not between 0 and 65535");
  const int64_t last = end.integer().value_or(0);
  if (last != 0 && (last < first || last > kGreatestPort)) end.fail("is not between port and 65535");
  if (first == 0 && last == 0) return {};
  return net::PortRange{net::Port::from_host(static_cast<uint16_t>(std::max<int64_t>(first, 1))),
                        net::Port::from_host(static_cast<uint16_t>(last == 0 ? first : last))};
}

struct PortsReader {
  const Scope& scope;
  const bool allow;
  CiliumPorts ports;

  // A deny rule whose ports cannot be said denies at all of them.
  void lose(const Field& field, std::string_view what) {
    if (allow) return scope.lose(field, what, true);
    scope.output.lose(
        {scope.object, field.path(), std::string(what), "denied at every port, which allows less", false});
    ports.all = true;
  }

  void read_entry(const Field& field) {
    field.allow_only({"port", "endPort", "protocol"});
    const std::string protocol = upper(field.get("protocol").text());
    const auto port = read_cilium_port(field);
    const bool any = protocol.empty() || protocol == "ANY";
    if (any && port.index() == 0)
      return lose(field, "every port of any protocol: leave toPorts out for all traffic, or name protocols");
    if (any || protocol == "TCP") ports.entries.push_back({net::kTcp, port});
    if (any || protocol == "UDP") ports.entries.push_back({net::kUdp, port});
    if (any || protocol == "SCTP") ports.entries.push_back({net::kSctp, port});
    if (!any && protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      lose(field.get("protocol"),
           base::excerpt(protocol) + " has no ports, and cannot be told from other protocols");
  }

  // What is asked beyond addresses and ports.
  bool asks_more(const Field& item) {
    for (const char* name : {"terminatingTLS", "originatingTLS", "serverNames", "listener"})
      if (const Field field = item.get(name); !field.absent()) {
        lose(field, "only addresses, protocols and ports can be said");
        return true;
      }
    const Field rules = item.get("rules"), dns = rules.get("dns");
    for (const char* name : {"http", "kafka", "l7proto", "l7"})
      if (const Field field = rules.get(name); !field.absent()) {
        lose(field, "only addresses, protocols and ports can be said");
        return true;
      }
    bool every_name = dns.absent();
    dns.each([&](const Field& name) { every_name |= name.get("matchPattern").text() == "*"; });
    if (!every_name) lose(dns, "which names may be asked for cannot be said: matchPattern \"*\" can");
    return !every_name;
  }

  void read_item(const Field& item) {
    item.allow_only({"ports", "rules", "terminatingTLS", "originatingTLS", "serverNames", "listener"});
    item.get("rules").allow_only({"http", "kafka", "dns", "l7proto", "l7"});
    if (asks_more(item)) return;
    if (item.get("ports").tree().size() == 0)
      return lose(item, "it names no port: leave toPorts out for all traffic");
    item.get("ports").each([&](const Field& entry) { read_entry(entry); });
  }
};

}  // namespace

CiliumPorts read_cilium_ports(const Scope& scope, const Field& rule, bool allow) {
  PortsReader reader{scope, allow, {}};
  const Field to_ports = rule.get("toPorts"), icmps = rule.get("icmps");
  const bool has_icmps = icmps.tree().size() > 0, has_ports = to_ports.tree().size() > 0;
  reader.ports.all = !has_icmps && !has_ports;
  to_ports.each([&](const Field& item) { reader.read_item(item); });
  if (has_icmps) reader.lose(icmps, "types of ICMP cannot be said");
  decode::make_set(reader.ports.entries);
  return reader.ports;
}

}  // namespace sluice::convert
