#include "tests/kubeapi/pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace sluice::kubeapi {
namespace {

template <auto Free>
struct With {
  template <typename T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Key = std::unique_ptr<EVP_PKEY, With<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;
using Memory = std::unique_ptr<BIO, With<BIO_free>>;

void expect(bool well, const char* what) {
  if (!well) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

template <typename Write>
std::string pem(Write write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  expect(memory && write(memory.get()) == 1, "PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string pem_of(const Certificate& certificate) {
  return pem([&](BIO* to) { return PEM_write_bio_X509(to, certificate.get()); });
}
std::string pem_of(const Key& key) {
  return pem([&](BIO* to) {
    return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void extend(X509* certificate, X509* issuer, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
  expect(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value);
  X509_EXTENSION_free(extension);
}

struct Wanted {
  const char* name;
  const char* alternatives;  // null: none
  bool authority;
};

// Signed by `issuer`, or by itself.
Certificate sign(const Wanted& wanted, const Key& key, X509* issuer, EVP_PKEY* issuer_key) {
  constexpr long kHour = 3600;
  static long serial = 1;
  Certificate made(X509_new());
  X509* certificate = made.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * kHour);
  X509_set_pubkey(certificate, key.get());
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(wanted.name),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, issuer != nullptr ? X509_get_subject_name(issuer) : name);
  extend(certificate, issuer != nullptr ? issuer : certificate, NID_basic_constraints,
         wanted.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (wanted.alternatives != nullptr) extend(certificate, issuer, NID_subject_alt_name, wanted.alternatives);
  expect(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "sign");
  return made;
}

}  // namespace

Pki make_pki(bool intermediate) {
  const auto new_key = [] {
    Key key(EVP_EC_gen("P-256"));
    expect(key != nullptr, "key");
    return key;
  };
  const Key root_key = new_key(), ca_key = new_key(), server_key = new_key(), client_key = new_key(),
            node_key = new_key();
  const Certificate root = sign({"test-root", nullptr, true}, root_key, nullptr, root_key.get());
  const Certificate ca = intermediate ? sign({"test-ca", nullptr, true}, ca_key, root.get(), root_key.get())
                                      : sign({"test-ca", nullptr, true}, ca_key, nullptr, ca_key.get());
  const Certificate server = sign({"kube-apiserver", "IP:127.0.0.1,IP:::1,DNS:localhost,DNS:api.test", false},
                                  server_key, ca.get(), ca_key.get());
  const Certificate client = sign({"watcher", nullptr, false}, client_key, ca.get(), ca_key.get());
  const Certificate node = sign({"system:node:node-a", nullptr, false}, node_key, ca.get(), ca_key.get());
  return {pem_of(ca),
          {pem_of(server), pem_of(server_key)},
          {pem_of(client), pem_of(client_key)},
          {pem_of(node), pem_of(node_key)}};
}

}  // namespace sluice::kubeapi
