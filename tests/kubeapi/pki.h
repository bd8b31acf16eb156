// Pki: a certificate authority of the test's own and what it signs, made anew for every run.
#pragma once

#include <string>

namespace sluice::kubeapi {

struct Identity {
  std::string certificate, key;  // PEM
};

struct Pki {
  std::string ca;   // PEM
  Identity server;  // for 127.0.0.1, ::1, localhost and api.test
  Identity client;  // of user "watcher"
  Identity node;    // of node "node-a", as a kubelet's
};

// `intermediate`: the authority itself is signed by another, which nobody is given.
Pki make_pki(bool intermediate = false);

}  // namespace sluice::kubeapi
