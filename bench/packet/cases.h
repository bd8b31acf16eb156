// Cases: what is measured, as data: which packets, of which connections, past which hook, and what should
// become of them. Pure; any thread.
//
// Laws: the same case and number of tuples give the same tuples in the same order, whatever the Size, as long
// as `remotes` is the same. A tuple is one connection.
#pragma once

#include <string>
#include <vector>

#include "agent/packet/build.h"
#include "bench/harness/document.h"
#include "bench/packet/driver.h"
#include "bench/packet/world.h"
#include "sluice/layout.h"
#include "sluice/reasons.h"

namespace sluice::bench {

// How the measured packets stand to the flow table.
enum class Course {
  kEstablished,  // a later packet of the connection, the opener's way
  kReply,        // the other way
  kOutdated,     // as kEstablished, first after a change of policy
  kNew,          // opens the connection, which is allowed
  kDenied,       // opens it, and is not
  kFragment,     // a later fragment of an allowed first one
  kError,        // an ICMP error that quotes the connection's last packet
};

enum class Remotes { kPeers, kStrangers, kUnknown, kBlocks, kServices };

inline constexpr unsigned kUsualRemotes = 10;  // known in worlds of every Size

struct Case {
  std::string name;
  Course course = Course::kNew;
  sluice_reason expected = SLUICE_ALLOWED_FLOW;  // of each measured packet
  TestPod pod = TestPod::kIsolated;
  Remotes remotes = Remotes::kPeers;
  unsigned remote_count = kUsualRemotes;
  uint16_t port = kAllowedPort;  // where connections go
  bool reports = false;          // each measured packet is reported, instead of all but a few suppressed
  Labels labels;                 // what `name` leaves open
  net::Family family = net::Family::kIpv4;
  sluice_direction hook = SLUICE_EGRESS;
  net::Protocol protocol = net::kTcp;
  size_t tuples = 4096;

  // No CPU remembers a verdict: each tuple has an address of its own, and each pass an epoch.
  bool asks_anew() const {
    return remote_count >= tuples && (course == Course::kNew || course == Course::kDenied);
  }
  // A pass leaves things as the next one needs them.
  bool is_steady() const { return course != Course::kNew && course != Course::kOutdated && !asks_anew(); }
  bool has_flows() const { return course != Course::kDenied; }
  // The direction in which the connections are opened.
  sluice_direction opener() const {
    const bool against = course == Course::kReply || course == Course::kError;
    return against == (hook == SLUICE_EGRESS) ? SLUICE_INGRESS : SLUICE_EGRESS;
  }
  // How the driver is used: "plain", or what makes it cost more or less.
  std::string driver() const;
  Labels all_labels(const Size& size) const;
};

struct Tuple {
  net::Ip remote;
  net::Port local_port, remote_port;
  uint32_t number = 0;  // among its case's tuples
};
// In random order; connections are opened in another one than they are measured in, so that what stands side
// by side in memory is not met side by side.
enum class Order { kMeasured, kOpened };
std::vector<Tuple> tuples_of(const Case& c, Order order = Order::kMeasured);

// The packet that opens the tuple's connection, and the one that is measured.
packet::Spec opening_of(const Case& c, const Tuple& tuple);
packet::Spec measured_of(const Case& c, const Tuple& tuple);
Shape shape_of(const Case& c);

// `c` for both families, both hooks and both transports; those that make sense.
std::vector<Case> each_way(const Case& c);
// Every case at its plainest: IPv4, egress, TCP.
std::vector<Case> plain_cases();

}  // namespace sluice::bench
