#include "agent/source/kube/shape.h"

#include <algorithm>

#include "agent/model/hours.h"

namespace sluice::source::kube {
namespace {

using enum FieldType;

constexpr ShapeField message(std::string_view name, uint32_t number, const Shape& shape) {
  return {name, number, kMessage, &shape, false};
}
constexpr ShapeField messages(std::string_view name, uint32_t number, const Shape& shape) {
  return {name, number, kMessage, &shape, true};
}
constexpr ShapeField texts(std::string_view name, uint32_t number) {
  return {name, number, kText, nullptr, true};
}

// Of annotations only these are kept: others may be long and change often.
constexpr ShapeField kAnnotationFields[] = {
    {model::kSourcePrefixesAnnotation}, {model::kFlowsAnnotation},  {model::kObserveAnnotation},
    {model::kModeAnnotation},           {model::kActiveAnnotation}, {model::kLogLevelAnnotation},
    {model::kMetricsAnnotation},        {"policy-log-level"},       {"metrics-enabled"}};
constexpr Shape kAnnotations{kAnnotationFields};
constexpr ShapeField kOwnerFields[] = {{"kind", 1}, {"name", 3}, {"controller", 6, kBoolean}};
constexpr Shape kOwner{kOwnerFields};
constexpr ShapeField kMetadataFields[] = {{"name", 1},
                                          {"namespace", 3},
                                          {"uid", 5},
                                          {"resourceVersion", 6},
                                          {"creationTimestamp", 8, kTime},
                                          {"deletionTimestamp", 9, kTime},
                                          {"labels", 11, kTextMap},
                                          {"annotations", 12, kTextMap, &kAnnotations},
                                          messages("ownerReferences", 13, kOwner)};
constexpr Shape kMetadata{kMetadataFields};
constexpr ShapeField kMetadataField = message("metadata", 1, kMetadata);

// Pod
constexpr ShapeField kContainerPortFields[] = {
    {"name", 1}, {"hostPort", 2, kInteger}, {"containerPort", 3, kInteger}, {"protocol", 4}, {"hostIP", 5}};
constexpr Shape kContainerPort{kContainerPortFields};
constexpr ShapeField kContainerFields[] = {messages("ports", 6, kContainerPort), {"restartPolicy", 24}};
constexpr Shape kContainer{kContainerFields};
constexpr ShapeField kPodSpecFields[] = {messages("containers", 2, kContainer),
                                         {"nodeName", 10},
                                         {"hostNetwork", 11, kBoolean},
                                         messages("initContainers", 20, kContainer)};
constexpr Shape kPodSpec{kPodSpecFields};
constexpr ShapeField kConditionFields[] = {{"type", 1}, {"status", 2}};
constexpr Shape kCondition{kConditionFields};
constexpr ShapeField kPodIpFields[] = {{"ip", 1}};
constexpr Shape kPodIp{kPodIpFields};
constexpr ShapeField kPodStatusFields[] = {
    {"phase", 1}, messages("conditions", 2, kCondition), {"podIP", 6}, messages("podIPs", 12, kPodIp)};
constexpr Shape kPodStatus{kPodStatusFields};
constexpr ShapeField kPodFields[] = {kMetadataField, message("spec", 2, kPodSpec),
                                     message("status", 3, kPodStatus)};
constexpr Shape kPod{kPodFields};

constexpr ShapeField kNamespaceFields[] = {kMetadataField};
constexpr Shape kNamespace{kNamespaceFields};

// Node
constexpr ShapeField kNodeSpecFields[] = {{"podCIDR", 1}, texts("podCIDRs", 7)};
constexpr Shape kNodeSpec{kNodeSpecFields};
constexpr ShapeField kNodeAddressFields[] = {{"type", 1}, {"address", 2}};
constexpr Shape kNodeAddress{kNodeAddressFields};
constexpr ShapeField kNodeStatusFields[] = {messages("addresses", 5, kNodeAddress)};
constexpr Shape kNodeStatus{kNodeStatusFields};
constexpr ShapeField kNodeFields[] = {kMetadataField, message("spec", 2, kNodeSpec),
                                      message("status", 3, kNodeStatus)};
constexpr Shape kNode{kNodeFields};

// Service
constexpr ShapeField kServicePortFields[] = {{"name", 1},
                                             {"protocol", 2},
                                             {"port", 3, kInteger},
                                             {"targetPort", 4, kIntOrString},
                                             {"nodePort", 5, kInteger}};
constexpr Shape kServicePort{kServicePortFields};
constexpr ShapeField kServiceSpecFields[] = {messages("ports", 1, kServicePort),
                                             {"selector", 2, kTextMap},
                                             {"clusterIP", 3},
                                             {"type", 4},
                                             texts("externalIPs", 5),
                                             {"publishNotReadyAddresses", 13, kBoolean},
                                             texts("clusterIPs", 18),
                                             texts("ipFamilies", 19),
                                             {"internalTrafficPolicy", 22}};
constexpr Shape kServiceSpec{kServiceSpecFields};
constexpr ShapeField kIngressFields[] = {{"ip", 1}, {"ipMode", 3}};
constexpr Shape kIngress{kIngressFields};
constexpr ShapeField kLoadBalancerFields[] = {messages("ingress", 1, kIngress)};
constexpr Shape kLoadBalancer{kLoadBalancerFields};
constexpr ShapeField kServiceStatusFields[] = {message("loadBalancer", 1, kLoadBalancer)};
constexpr Shape kServiceStatus{kServiceStatusFields};
constexpr ShapeField kServiceFields[] = {kMetadataField, message("spec", 2, kServiceSpec),
                                         message("status", 3, kServiceStatus)};
constexpr Shape kService{kServiceFields};

// EndpointSlice: v1beta1 has the same names and numbers for what is read here.
constexpr ShapeField kConditionsFields[] = {
    {"ready", 1, kBoolean}, {"serving", 2, kBoolean}, {"terminating", 3, kBoolean}};
constexpr Shape kConditions{kConditionsFields};
constexpr ShapeField kEndpointFields[] = {
    texts("addresses", 1), message("conditions", 2, kConditions), {"nodeName", 6}};
constexpr Shape kEndpoint{kEndpointFields};
constexpr ShapeField kEndpointPortFields[] = {{"name", 1}, {"protocol", 2}, {"port", 3, kInteger}};
constexpr Shape kEndpointPort{kEndpointPortFields};
constexpr ShapeField kSliceFields[] = {kMetadataField,
                                       messages("endpoints", 2, kEndpoint),
                                       messages("ports", 3, kEndpointPort),
                                       {"addressType", 4}};
constexpr Shape kSlice{kSliceFields};

// NetworkPolicy: strict below metadata, as its decoder is.
constexpr ShapeField kRequirementFields[] = {{"key", 1}, {"operator", 2}, texts("values", 3)};
constexpr Shape kRequirement{kRequirementFields, true};
constexpr ShapeField kSelectorFields[] = {{"matchLabels", 1, kTextMap},
                                          messages("matchExpressions", 2, kRequirement)};
constexpr Shape kSelector{kSelectorFields, true};
constexpr ShapeField kIpBlockFields[] = {{"cidr", 1}, texts("except", 2)};
constexpr Shape kIpBlock{kIpBlockFields, true};
constexpr ShapeField kPeerFields[] = {message("podSelector", 1, kSelector),
                                      message("namespaceSelector", 2, kSelector),
                                      message("ipBlock", 3, kIpBlock)};
constexpr Shape kPeer{kPeerFields, true};
constexpr ShapeField kPolicyPortFields[] = {
    {"protocol", 1}, {"port", 2, kIntOrString}, {"endPort", 3, kInteger}};
constexpr Shape kPolicyPort{kPolicyPortFields, true};
constexpr ShapeField kIngressRuleFields[] = {messages("ports", 1, kPolicyPort), messages("from", 2, kPeer)};
constexpr Shape kIngressRule{kIngressRuleFields, true};
constexpr ShapeField kEgressRuleFields[] = {messages("ports", 1, kPolicyPort), messages("to", 2, kPeer)};
constexpr Shape kEgressRule{kEgressRuleFields, true};
constexpr ShapeField kPolicySpecFields[] = {message("podSelector", 1, kSelector),
                                            messages("ingress", 2, kIngressRule),
                                            messages("egress", 3, kEgressRule), texts("policyTypes", 4)};
constexpr Shape kPolicySpec{kPolicySpecFields, true};
constexpr ShapeField kPolicyFields[] = {kMetadataField, message("spec", 2, kPolicySpec)};
constexpr Shape kPolicy{kPolicyFields};

// ClusterNetworkPolicy: strict likewise. It is a custom resource, and those are never sent as protobuf.
constexpr ShapeField kPodsPeerFields[] = {message("namespaceSelector", 0, kSelector),
                                          message("podSelector", 0, kSelector)};
constexpr Shape kPodsPeer{kPodsPeerFields, true};
constexpr ShapeField kClusterPeerFields[] = {message("namespaces", 0, kSelector),
                                             message("pods", 0, kPodsPeer), message("nodes", 0, kSelector),
                                             texts("networks", 0), texts("domainNames", 0)};
constexpr Shape kClusterPeer{kClusterPeerFields, true};
constexpr ShapeField kPortRangeFields[] = {{"start", 0, kInteger}, {"end", 0, kInteger}};
constexpr Shape kPortRange{kPortRangeFields, true};
constexpr ShapeField kDestinationPortFields[] = {{"number", 0, kInteger}, message("range", 0, kPortRange)};
constexpr Shape kDestinationPort{kDestinationPortFields, true};
constexpr ShapeField kTransportFields[] = {message("destinationPort", 0, kDestinationPort)};
constexpr Shape kTransport{kTransportFields, true};
constexpr ShapeField kProtocolFields[] = {message("tcp", 0, kTransport),
                                          message("udp", 0, kTransport),
                                          message("sctp", 0, kTransport),
                                          {"destinationNamedPort", 0}};
constexpr Shape kProtocol{kProtocolFields, true};
constexpr ShapeField kClusterRuleFields[] = {{"name", 0},
                                             {"action", 0},
                                             messages("from", 0, kClusterPeer),
                                             messages("to", 0, kClusterPeer),
                                             messages("protocols", 0, kProtocol)};
constexpr Shape kClusterRule{kClusterRuleFields, true};
constexpr ShapeField kClusterPolicySpecFields[] = {{"tier", 0},
                                                   {"priority", 0, kInteger},
                                                   message("subject", 0, kClusterPeer),
                                                   messages("ingress", 0, kClusterRule),
                                                   messages("egress", 0, kClusterRule)};
constexpr Shape kClusterPolicySpec{kClusterPolicySpecFields, true};
constexpr ShapeField kClusterPolicyFields[] = {kMetadataField, message("spec", 0, kClusterPolicySpec)};
constexpr Shape kClusterPolicy{kClusterPolicyFields};

constexpr Shape kUnread{};
constexpr ShapeField kForeignFields[] = {kMetadataField, message("status", 0, kUnread)};

constexpr ShapeField kListMetaFields[] = {{"resourceVersion", 2}, {"continue", 3}};
constexpr ShapeField kDetailsFields[] = {{"retryAfterSeconds", 5, kInteger}};
constexpr Shape kDetails{kDetailsFields};
constexpr ShapeField kStatusFields[] = {message("metadata", 1, kListMetaShape),
                                        {"message", 3},
                                        {"reason", 4},
                                        message("details", 5, kDetails),
                                        {"code", 6, kInteger}};

}  // namespace

constexpr Shape kForeignShape{kForeignFields, true};
constexpr Shape kListMetaShape{kListMetaFields};
constexpr Shape kStatusShape{kStatusFields};

const ShapeField* Shape::find(std::string_view name) const {
  for (const ShapeField& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

const ShapeField* Shape::find(uint32_t number) const {
  for (const ShapeField& field : fields)
    if (field.number == number && number != 0) return &field;
  return nullptr;
}

const Shape& shape_of(model::Kind kind) {
  switch (kind) {
    case model::Kind::kPod:
      return kPod;
    case model::Kind::kNamespace:
      return kNamespace;
    case model::Kind::kNode:
      return kNode;
    case model::Kind::kService:
      return kService;
    case model::Kind::kEndpointSlice:
      return kSlice;
    case model::Kind::kNetworkPolicy:
      return kPolicy;
    case model::Kind::kClusterNetworkPolicy:
      return kClusterPolicy;
  }
  return kPod;
}

}  // namespace sluice::source::kube
