#include "agent/image/ids.h"

#include <openssl/sha.h>

#include <cstdio>
#include <cstring>

namespace sluice::image {

uint64_t content_id(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  uint64_t id = 0;
  for (size_t i = 0; i < sizeof(id); ++i) id = id << 8 | digest[i];
  id >>= 2;
  return id == 0 ? 1 : id;
}

std::string hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace sluice::image
