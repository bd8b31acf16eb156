// DNS between pods whose rules name domains and servers that are believed (semantics 77; bpf/listen.h).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr uint8_t kOpen = SLUICE_ALLOWED_NOT_ISOLATED;
constexpr uint32_t kMark = 0x5eed0001;
constexpr unsigned kOtherPort = 5353;

// The pod may ask the peer.
World asking(const Ends& e) {
  return World(e.pod)
      .isolate(SLUICE_EGRESS)
      .names()
      .peer(e.peer)
      .allow(SLUICE_EGRESS, kFriend, image::Ref::all());
}
Spec with_payload(Spec spec, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) spec.payload.push_back(static_cast<uint8_t>(i * 7));
  return spec;
}
Spec ask(const Ends& e, net::Protocol protocol = net::kUdp, unsigned number = SLUICE_DNS_PORT) {
  return with_payload(e.opening(protocol, number), 33);
}
Spec answer_to(const Spec& question, size_t bytes = 90) {
  Spec answer = reply(question, kAck);
  answer.payload.clear();
  return with_payload(answer, bytes);
}
// A server that is believed and, unless there was none ever, an agent that listens.
Scenario& listening(const Ends& e, Rows& rows, Feature feature, const std::string& aloud,
                    const World& world) {
  return rows.add(feature, e, aloud, world).believe(e.peer).agent(kMark);
}

void add_held_rows(const Ends& e, Rows& rows) {
  const Spec question = ask(e);
  listening(e, rows, Feature::kDnsHeld, "UDP: a copy of what is asked, the answer itself", asking(e))
      .send(kYes, e.hook, question)
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), answer_to(question))
      .heard(Hearing::kHeld)
      .send(kFlow, e.back(), answer_to(question), "what the agent sends on")
      .marked(kMark)
      .send(kFlow, e.back(), answer_to(question), "another mark is nobody's")
      .marked(kMark + 1)
      .heard(Hearing::kHeld)
      .send(kFlow, e.hook, question)
      .heard(Hearing::kCopy)
      .send(kFlow, e.hook, question, "a question is never the agent's")
      .marked(kMark)
      .heard(Hearing::kCopy);
  const Spec syn = e.syn(SLUICE_DNS_PORT), asked = with_payload(with_flags(syn, kAck), 35);
  listening(e, rows, Feature::kDnsHeld, "TCP: all but lone acknowledgements", asking(e))
      .send(kYes, e.hook, syn)
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), reply(syn))
      .heard(Hearing::kHeld)
      .send(kFlow, e.back(), reply(syn))
      .marked(kMark)
      .send(kFlow, e.hook, with_flags(syn, kAck))
      .send(kFlow, e.hook, asked)
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), reply(syn, kAck))
      .send(kFlow, e.back(), answer_to(asked))
      .heard(Hearing::kHeld)
      .send(kFlow, e.back(), reply(syn, kFin | kAck))
      .heard(Hearing::kHeld)
      .send(kFlow, e.hook, with_flags(syn, kFin | kAck))
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), reply(syn, kRst))
      .heard(Hearing::kHeld);
  listening(e, rows, Feature::kDnsHeld, "a server at another port", asking(e))
      .believe(e.other, kOtherPort)
      .believe(e.peer, kOtherPort)
      .send(kYes, e.hook, ask(e, net::kUdp, kOtherPort), "while nobody says that there is one")
      .flags(SLUICE_CONFIG_DNS_PORTS)
      .send(kFlow, e.hook, ask(e, net::kUdp, kOtherPort))
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), answer_to(ask(e, net::kUdp, kOtherPort)))
      .heard(Hearing::kHeld)
      .send(kYes, e.hook, ask(e, net::kUdp, kOtherPort + 1))
      .send(kYes, e.hook, question, "and port 53 still")
      .heard(Hearing::kCopy);
  listening(e, rows, Feature::kDnsHeld, "an agent that only audits lets what is denied pass, and hears it",
            World(e.pod).isolate(SLUICE_EGRESS).names())
      .flags(SLUICE_CONFIG_AUDIT)
      .send(kNo, e.hook, question)
      .heard(Hearing::kCopy);
  listening(e, rows, Feature::kDnsHeld, "policies in audit that name domains are enough",
            World(e.pod).names().audit(SLUICE_EGRESS, image::Ref::all()))
      .send(kOpen, e.hook, question)
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), answer_to(question))
      .heard(Hearing::kHeld);
}

void add_unheld_rows(const Ends& e, Rows& rows) {
  const Spec question = ask(e);
  listening(e, rows, Feature::kDnsUnheld, "the answer goes on, and a copy stays for the next agent",
            asking(e))
      .send(kYes, e.hook, question)
      .heard(Hearing::kCopy)
      .agent_leaves()
      .send(kFlow, e.hook, question)
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), answer_to(question))
      .heard(Hearing::kUnheld)
      .send(kFlow, e.back(), answer_to(question), "sent on by the one that left")
      .marked(kMark);
  rows.add(Feature::kDnsUnheld, e, "there was no agent ever", asking(e))
      .believe(e.peer)
      .send(kYes, e.hook, question)
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), answer_to(question))
      .marked(7)
      .heard(Hearing::kUnheld);
}

void add_length_rows(const Ends& e, Rows& rows) {
  auto& row = listening(e, rows, Feature::kDnsLength, "every byte of every frame", asking(e));
  const Spec question = e.udp();
  const size_t headers = packet::build(question).size();
  row.send(kYes, e.hook, question, "nothing but headers").heard(Hearing::kCopy);
  for (size_t bytes = headers; bytes < headers + 24; ++bytes)
    row.send(kFlow, e.back(), answer_to(question, bytes - headers), std::to_string(bytes))
        .heard(Hearing::kHeld);
  for (size_t bytes : {127, 128, 129, 511, 512, 1023, 1024, 1500, 1514, SLUICE_HELD_ANSWER_BYTES - 1,
                       SLUICE_HELD_ANSWER_BYTES, SLUICE_HELD_ANSWER_BYTES + 1, 2047, 2048, 2049, 3000})
    row.send(kFlow, e.back(), answer_to(question, bytes - headers), std::to_string(bytes))
        .heard(Hearing::kHeld);
}

void add_unheard_rows(const Ends& e, Rows& rows) {
  const Spec question = ask(e);
  const auto row = [&](const std::string& aloud, const World& world) -> Scenario& {
    return listening(e, rows, Feature::kDnsUnheard, aloud, world);
  };
  row("of a pod without rules that name domains",
      World(e.pod).isolate(SLUICE_EGRESS).peer(e.peer).allow(SLUICE_EGRESS, kFriend, image::Ref::all()))
      .send(kYes, e.hook, question)
      .send(kFlow, e.back(), answer_to(question));
  row("other ports, servers and protocols", asking(e).peer(e.other))
      .send(kYes, e.hook, ask(e, net::kUdp, 54))
      .send(kFlow, e.back(), answer_to(ask(e, net::kUdp, 54)))
      .send(kYes, e.hook, e.opening(net::kUdp, SLUICE_DNS_PORT, e.other))
      .send(kFlow, e.back(), reply(e.opening(net::kUdp, SLUICE_DNS_PORT, e.other)))
      .send(kYes, e.hook, ask(e, net::kSctp))
      .send(kYes, e.hook, e.opening(e.icmp, 0))
      .send(kYes, e.hook, e.opening(net::Protocol(47), 0));
  row("a server that is believed at another port", asking(e).peer(e.other))
      .believe(e.other, kOtherPort)
      .flags(SLUICE_CONFIG_DNS_PORTS)
      .send(kYes, e.hook, e.opening(net::kUdp, SLUICE_DNS_PORT, e.other))
      .send(kFlow, e.back(), reply(e.opening(net::kUdp, SLUICE_DNS_PORT, e.other)));
  row("what is denied", World(e.pod).isolate(SLUICE_EGRESS).isolate(SLUICE_INGRESS).names())
      .send(kNo, e.hook, question)
      .send(kNo, e.back(), answer_to(question));
  Spec first = answer_to(question), later = first;
  first.fragment = packet::Fragment{};
  later.fragment = packet::Fragment{1, 4, false};
  row("fragments", asking(e))
      .send(kYes, e.hook, question)
      .heard(Hearing::kCopy)
      .send(kFlow, e.back(), first)
      .send(kOpen, e.back(), later);
  Bytes cut = packet::build(question);
  cut.resize(e.v4() ? 14 + 20 + 4 : 14 + 40 + 4);
  row("what cannot be read", World(e.pod).names()).send(kOpen, e.hook, cut).send(kOpen, e.back(), cut);
  row("an error about a question", asking(e))
      .send(kYes, e.hook, question)
      .heard(Hearing::kCopy)
      .send(SLUICE_ALLOWED_ICMP_ERROR, e.back(), packet::icmp_error(e.router, e.pod, question));
}

// What a server sends unasked, where the pod lets everyone in.
void add_unasked_rows(const Ends& e, Rows& rows) {
  Spec unasked = with_payload(e.udp(4000), 60);
  unasked.source_port = port(SLUICE_DNS_PORT);
  listening(e, rows, Feature::kDnsHeld, "unasked it is held as well: the agent knows what was asked",
            asking(e))
      .send(kOpen, e.hook, unasked)
      .heard(Hearing::kHeld);
  listening(e, rows, Feature::kDnsUnheld, "unasked, and nobody there", asking(e))
      .agent_leaves()
      .send(kOpen, e.hook, unasked)
      .heard(Hearing::kUnheld);
  unasked.source_port = port(40000);
  unasked.destination_port = port(SLUICE_DNS_PORT);
  listening(e, rows, Feature::kDnsUnheard, "a server that asks the pod at port 53", asking(e))
      .send(kOpen, e.hook, unasked)
      .send(kFlow, e.back(), answer_to(unasked));
  rows.not_applicable(Feature::kDnsLength, e, "the pod asks");
}

}  // namespace

void add_listen_rows(const Ends& e, Rows& rows) {
  if (!e.from_pod()) return add_unasked_rows(e, rows);
  add_held_rows(e, rows);
  add_unheld_rows(e, rows);
  add_length_rows(e, rows);
  add_unheard_rows(e, rows);
}

}  // namespace sluice::testing
