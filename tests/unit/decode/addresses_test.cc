// Addresses and prefixes as manifests spell them: rows of (text, what is read).
#include "agent/source/decode/addresses.h"

#include <gtest/gtest.h>

#include "agent/source/decode/decode.h"

namespace sluice::source::decode {
namespace {

TEST(Addresses, LeadingZerosAreDecimal) {
  const std::pair<const char*, const char*> rows[] = {
      {"10.0.0.0", "10.0.0.0"},
      {"010.000.0.007", "10.0.0.7"},
      {"198.051.100.064/026", "198.51.100.64/26"},
      {"0.0.0.0/00", "0.0.0.0/0"},
      {"0000000000000000000000000000000000000000000000000010.0.0.1", "10.0.0.1"},
      {"fd00:0db8::0001/064", "fd00:0db8::0001/64"},
      {"fd00:00001::1", "fd00:0001::1"},
      {"::ffff:010.00.0.1", "::ffff:10.0.0.1"},
      {"::/0", "::/0"},
      {"", ""},
      {"0", "0"},
      {"none", "none"},
      {"10.0.0", "10.0.0"},
  };
  for (const auto& [text, plain] : rows) EXPECT_EQ(without_leading_zeros(text), plain) << text;
}

// The warnings of an object, a line each.
std::string warnings_of(const std::string& object) {
  const Decoded decoded = decode(object, "f");
  std::string text;
  for (const auto& problem : decoded.problems) text += "PROBLEM " + problem.to_text() + "\n";
  for (const auto& warning : decoded.warnings) text += warning.field + ": " + warning.message + "\n";
  return text;
}

TEST(Addresses, EveryKindOfObjectHasThem) {
  const struct {
    std::string kind, rest, field;
  } rows[] = {
      {"v1, kind: Pod", "status: {podIP: 010.0.0.1}", "status.podIP"},
      {"v1, kind: Pod", "status: {podIPs: [{ip: 010.0.0.1}]}", "status.podIPs[0].ip"},
      {"v1, kind: Node", "status: {addresses: [{type: InternalIP, address: 010.0.0.1}]}",
       "status.addresses[0].address"},
      {"v1, kind: Service", "spec: {clusterIP: 010.0.0.1}", "spec.clusterIP"},
      {"v1, kind: Service", "spec: {externalIPs: [010.0.0.1]}", "spec.externalIPs[0]"},
      {"v1, kind: Service", "status: {loadBalancer: {ingress: [{ip: 010.0.0.1}]}}",
       "status.loadBalancer.ingress[0].ip"},
      {"discovery.k8s.io/v1, kind: EndpointSlice", "addressType: IPv4, endpoints: [{addresses: [010.0.0.1]}]",
       "endpoints[0].addresses[0]"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(warnings_of("{apiVersion: " + row.kind + ", metadata: {name: a}, " + row.rest + "}"),
              row.field + ": \"010.0.0.1\" has leading zeros and is read as 10.0.0.1\n")
        << row.rest;
  EXPECT_EQ(
      warnings_of("{apiVersion: v1, kind: Node, metadata: {name: a}, spec: {podCIDRs: [010.0.0.0/08]}}"),
      "spec.podCIDRs[0]: \"010.0.0.0/08\" has leading zeros and is read as 10.0.0.0/8\n");
}

TEST(Addresses, PrefixesSayAllThatWasRead) {
  const auto policy = [](const std::string& cidr) {
    return "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {ingress: "
           "[{from: "
           "[{ipBlock: {cidr: \"" +
           cidr + "\"}}]}]}}";
  };
  EXPECT_EQ(warnings_of(policy("10.0.0.0/8")), "");
  EXPECT_EQ(warnings_of(policy("fd00:0db8::/32")), "");
  EXPECT_EQ(
      warnings_of(policy("010.1.2.3/8")),
      "spec.ingress[0].from[0].ipBlock.cidr: \"010.1.2.3/8\" has leading zeros and host bits and is read as "
      "10.0.0.0/8\n");
  EXPECT_NE(warnings_of(policy("010.0.0.0/033")).find("\"10.0.0.0/33\" has no prefix length"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::source::decode
