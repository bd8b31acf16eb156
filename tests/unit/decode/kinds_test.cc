// What an apiVersion and a kind say: rows of (apiVersion, kind, what).
#include "agent/source/decode/kinds.h"

#include <gtest/gtest.h>

namespace sluice::source::decode {
namespace {

using What = KindReading::What;

struct Row {
  const char *api_version, *kind;
};

void expect(std::initializer_list<Row> rows, What what, const std::string& remark) {
  for (const auto& [api_version, kind] : rows) {
    const KindReading read = read_kind({api_version, kind});
    EXPECT_EQ(static_cast<int>(read.what), static_cast<int>(what))
        << api_version << " " << kind << ": " << read.remark;
    EXPECT_EQ(read.remark.empty(), remark.empty()) << api_version << " " << kind << ": " << read.remark;
    EXPECT_NE(read.remark.find(remark), std::string::npos)
        << api_version << " " << kind << ": " << read.remark;
  }
}

TEST(Kinds, OursAreThoseOfTheirVersion) {
  expect({{"v1", "Pod"},
          {"v1", "Service"},
          {"discovery.k8s.io/v1", "EndpointSlice"},
          {"networking.k8s.io/v1", "NetworkPolicy"}},
         What::kObject, "");
  expect({{"v1", "List"},
          {"networking.k8s.io/v1", "List"},
          {"example.org/v1", "List"},
          {"v1", "PodList"},
          {"networking.k8s.io/v1beta1", "NetworkPolicyList"}},
         What::kList, "");
}

TEST(Kinds, WhatNearlyIsANetworkPolicyIsAFault) {
  expect({{"networking/v1", "NetworkPolicy"},
          {"networking.k8s.io", "NetworkPolicy"},
          {"networking.k8s.io/v1beta1", "NetworkPolicy"},
          {"networking.k8s.io/V1", "NetworkPolicy"},
          {"networking.k8s.io/v1/", "NetworkPolicy"},
          {"Networking.k8s.io/v1", "NetworkPolicy"},
          {"networking.k8.io/v1", "NetworkPolicy"},
          {"networking.ks8.io/v1", "NetworkPolicy"},
          {"networking.k8s/v1", "NetworkPolicy"},
          {"network.k8s.io/v1", "NetworkPolicy"},
          {"networking.kubernetes.io/v1", "NetworkPolicy"},
          {"extensions/v1beta1", "NetworkPolicy"},
          {"apps/v1", "NetworkPolicy"},
          {"v1", "NetworkPolicy"},
          {"networking.k8s.io/v1", "Networkpolicy"},
          {"networking.k8s.io/v1", "networkpolicy"},
          {"networking.k8s.io/v1", "NETWORKPOLICY"},
          {"networking.k8s.io/v1", "NetworkPolicies"},
          {"networking.k8s.io/v1", "NetworkPolicys"},
          {"networking.k8s.io/v1", "Network-Policy"},
          {"networking.k8s.io/v1", "NetworkPolicy "},
          {"networking.k8s.io/v1", "NetworkPolcy"},
          {"networking.k8s.io/v1", "NetworkPoilcy"},
          {"networking.k8s.io/v1", "NetwrokPolicy"},
          {"networking.k8s.io/v1", "NetPolicy"},
          {"networking.k8s.io/v1", "netpol"},
          {"networking.k8s.io/v1", "Policy"},
          {"networking/v1", "Networkpolicy"},
          {"networking.k8s.io/v1", "AdminNetworkPolicy"},
          {"v1", "CiliumNetworkPolicy"},
          {"networking.k8s.io/v1", "networkpolicylist"},
          {"extensions/v1beta1", "NetworkPolicysList"}},
         What::kFault, "did you mean networking.k8s.io/v1 NetworkPolicy");
}

TEST(Kinds, WhatNearlyIsAnotherOfOursIsAFault) {
  expect({{"v1", "pod"}, {"v1", "Pods"}, {"v1", "Pd"}, {"V1", "Pod"}, {"apps/v1", "Pod"}, {"core/v1", "Pod"}},
         What::kFault, "did you mean v1 Pod?");
  expect({{"v1", "namespace"}, {"v1", "NameSpace"}, {"v1", "Namespaces"}, {"v1", "Namepsace"}}, What::kFault,
         "did you mean v1 Namespace?");
  expect({{"discovery.k8s.io/v1beta1", "EndpointSlice"},
          {"v1", "EndpointSlice"},
          {"discovery.k8s.io/v1", "EndpointSlices"}},
         What::kFault, "did you mean discovery.k8s.io/v1 EndpointSlice?");
  expect({{"v1", "list"}, {"v1", "Lists"}}, What::kFault, "did you mean v1 List?");
}

TEST(Kinds, TheFormerAdminPoliciesAreSaid) {
  expect({{"policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"},
          {"policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"},
          {"policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicyList"}},
         What::kPassedOver,
         "it is not enforced: write it as policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy");
}

TEST(Kinds, PoliciesOfOthersAreSaid) {
  expect({{"cilium.io/v2", "CiliumNetworkPolicy"},
          {"cilium.io/v2", "CiliumClusterwideNetworkPolicy"},
          {"cilium.io/v2", "CiliumEgressGatewayPolicy"},
          {"projectcalico.org/v3", "NetworkPolicy"},
          {"projectcalico.org/v3", "GlobalNetworkPolicy"},
          {"crd.projectcalico.org/v1", "NetworkPolicyList"},
          {"crd.antrea.io/v1beta1", "ClusterNetworkPolicy"},
          {"crd.antrea.io/v1beta1", "networkpolicy"},
          {"networking.gke.io/v1alpha1", "FQDNNetworkPolicy"},
          {"example.org/v1", "NetworkPolicy"}},
         What::kPassedOver,
         "only networking.k8s.io/v1 NetworkPolicy and policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy "
         "are "
         "enforced");
  expect({{"serving.knative.dev/v1", "Service"}, {"serving.knative.dev/v1", "ServiceList"}},
         What::kPassedOver, "it is no v1 Service");
  expect({{"longhorn.io/v1beta2", "Node"}}, What::kPassedOver, "it is no v1 Node");
}

TEST(Kinds, EverythingElseIsNobodysNews) {
  expect({{"apps/v1", "Deployment"},
          {"v1", "ConfigMap"},
          {"v1", "Endpoints"},
          {"v1", "PodTemplate"},
          {"batch/v1", "Job"},
          {"rbac.authorization.k8s.io/v1", "Role"},
          {"rbac.authorization.k8s.io/v1", "RoleList"},
          {"policy/v1", "PodDisruptionBudget"},
          {"policy/v1beta1", "PodSecurityPolicy"},
          {"extensions/v1beta1", "Ingress"},
          {"networking.k8s.io/v1", "IngressClass"},
          {"networking.k8s.io/v1", "ServiceCIDR"},
          {"node.k8s.io/v1", "RuntimeClass"},
          {"metrics.k8s.io/v1beta1", "NodeMetrics"},
          {"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"},
          {"gateway.networking.k8s.io/v1", "HTTPRoute"},
          {"gateway.networking.k8s.io/v1", "BackendTLSPolicy"},
          {"networking.istio.io/v1", "ServiceEntry"},
          {"cilium.io/v2", "CiliumEndpoint"},
          {"crd.projectcalico.org/v1", "IPPool"},
          {"kyverno.io/v1", "ClusterPolicy"},
          {"example.org/v1", "Pods"}},
         What::kPassedOver, "");
}

TEST(Kinds, AnyTextIsRead) {
  EXPECT_EQ(read_kind({std::string(100'000, 'v'), std::string(100'000, 'N')}).remark, "");
  EXPECT_EQ(read_kind({"/", ""}).remark, "");
}

}  // namespace
}  // namespace sluice::source::decode
