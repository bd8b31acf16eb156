// Service addresses (semantics 21).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY;
constexpr uint8_t kPartial = SLUICE_DENIED_SERVICE_PARTIAL;

Spec to(const Ends& e, const net::Ip& remote, unsigned destination_port) {
  return e.opening(net::kTcp, destination_port, remote);
}

// A Service at TCP 443 of e.service, whose set of endpoints has the reference `ref`.
World served(const Ends& e, image::Ref ref) {
  World world = e.isolated().service(e.service, net::kTcp, port(443));
  return ref.kind == image::Ref::Kind::kNone ? world : world.allow(e.hook, kEndpoints, ref);
}

image::Ref self_else(image::Ref::Kind kind, image::EndpointId endpoint) {
  return {kind, {}, endpoint};
}

void add_address_rows(const Ends& e, Rows& rows) {
  World world = served(e, {image::Ref::Kind::kPartial, {}, {}});
  image::Ref https = world.portset(net::kTcp, {ports(443)});
  world.address(e.service, {kFriend, false, true})
      .prefix(net::Cidr::host(e.service), kFriend)
      .allow(e.hook, kFriend, https);
  rows.add(Feature::kServiceAddress, e, "an ipBlock that names it allows it, whatever stands behind", world)
      .send(kYes, e.hook, to(e, e.service, 443))
      .send(kNo, e.hook, to(e, e.service, 444));
  World anyone = served(e, {});
  image::Ref everyone = anyone.portset(net::kTcp, {ports(443)});
  rows.add(Feature::kServiceAddress, e, "a rule without peers allows it, though no endpoint is there",
           anyone.isolate(e.hook, everyone))
      .send(kYes, e.hook, to(e, e.service, 443))
      .send(kNo, e.hook, to(e, e.service, 444));
}

void add_endpoint_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kServiceEndpoints, e, "only at the port and protocol that it serves",
           served(e, image::Ref::all()))
      .send(kYes, e.hook, to(e, e.service, 443))
      .send(SLUICE_ALLOWED_FLOW, e.back(), reply(to(e, e.service, 443)))
      .send(kNo, e.hook, to(e, e.service, 444))
      .send(kNo, e.hook, e.opening(net::kUdp, 443, e.service));
  rows.add(Feature::kServiceEndpoints, e, "without endpoints there is nothing to allow", served(e, {}))
      .send(kNo, e.hook, to(e, e.service, 443));
  rows.add(Feature::kServicePartial, e, "denied, with a reason of its own",
           served(e, {image::Ref::Kind::kPartial, {}, {}}))
      .send(kPartial, e.hook, to(e, e.service, 443))
      .send(kNo, e.hook, to(e, e.service, 444))
      .change(served(e, image::Ref::all()))
      .send(kYes, e.hook, to(e, e.service, 443), "all of them are allowed now");
}

void add_self_rows(const Ends& e, Rows& rows) {
  using Kind = image::Ref::Kind;
  rows.add(Feature::kServiceSelf, e, "its only endpoint is the pod: allowed",
           served(e, self_else(Kind::kSelfElseNone, kPod)))
      .send(SLUICE_ALLOWED_SELF, e.hook, to(e, e.service, 443));
  rows.add(Feature::kServiceSelf, e, "the pod is one endpoint, the others are allowed",
           served(e, self_else(Kind::kSelfElsePartial, kPod)))
      .send(SLUICE_ALLOWED_SELF, e.hook, to(e, e.service, 443));
  auto with_other = [&](Kind kind) {
    return served(e, self_else(kind, kOtherPod)).pod(kOtherPod, e.other, 2);
  };
  rows.add(Feature::kServiceSelf, e, "its only endpoint is another pod of the same rules",
           with_other(Kind::kSelfElseNone))
      .send(kNo, e.hook, to(e, e.service, 443));
  rows.add(Feature::kServiceSelf, e, "some endpoints are allowed, another pod is one of the rest",
           with_other(Kind::kSelfElsePartial))
      .send(kPartial, e.hook, to(e, e.service, 443));
}

void add_node_port_rows(const Ends& e, Rows& rows) {
  auto world = [&](image::Ref ref) {
    World made = e.isolated().address(e.node, {{}, true, false}).node_port(e.family, net::kTcp, port(30080));
    return ref.kind == image::Ref::Kind::kNone ? made : made.allow(e.hook, kEndpoints, ref);
  };
  rows.add(Feature::kNodePort, e, "is not the node: only its endpoints count", world({}))
      .send(kNo, e.hook, to(e, e.node, 30080))
      .change(world({image::Ref::Kind::kPartial, {}, {}}))
      .send(kPartial, e.hook, to(e, e.node, 30080))
      .change(world(image::Ref::all()))
      .send(kYes, e.hook, to(e, e.node, 30080));
  rows.add(Feature::kNodePort, e, "is no port of a service address",
           world(image::Ref::all()).service(e.service, net::kTcp, port(443)))
      .send(kNo, e.hook, to(e, e.service, 30080));
  rows.add(Feature::kNodePort, e, "and an external address on the node's own are two services",
           world(image::Ref::all()).service(e.node, net::kTcp, port(443), kStranger))
      .send(kYes, e.hook, to(e, e.node, 30080))
      .send(kNo, e.hook, to(e, e.node, 443));
}

}  // namespace

void add_service_rows(const Ends& e, Rows& rows) {
  World both = e.isolated()
                   .address(e.node, {{}, true, false})
                   .node_port(e.family, net::kTcp, port(30080))
                   .service(e.service, net::kTcp, port(443));
  rows.add(Feature::kNodeNoService, e, "is the node", both)
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, to(e, e.node, 30081))
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, e.opening(net::kUdp, 30080, e.node), "of another protocol")
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, e.opening(e.icmp, 0, e.node));
  if (e.from_pod()) {
    add_address_rows(e, rows);
    add_endpoint_rows(e, rows);
    add_self_rows(e, rows);
    add_node_port_rows(e, rows);
    return;
  }
  auto from = [&](const net::Ip& remote, unsigned source_port) {
    Spec spec = to(e, remote, 8080);
    spec.source_port = port(source_port);
    return spec;
  };
  rows.add(Feature::kServiceAddress, e, "as a source it is any address", served(e, image::Ref::all()))
      .send(kNo, e.hook, to(e, e.service, 443))
      .send(kNo, e.hook, from(e.service, 443));
  rows.add(Feature::kNodePort, e, "as a source port it says nothing: this is the node", both)
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, to(e, e.node, 30080))
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, from(e.node, 30080));
  const char* because = "a pod is reached at its own address: the node has rewritten the Service's before";
  rows.not_applicable(Feature::kServiceEndpoints, e, because);
  rows.not_applicable(Feature::kServicePartial, e, because);
  rows.not_applicable(Feature::kServiceSelf, e, because);
}

}  // namespace sluice::testing
