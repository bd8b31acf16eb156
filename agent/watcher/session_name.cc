#include "agent/watcher/session_name.h"

#include <random>

namespace sluice::watcher {

std::string random_session() {
  std::random_device device;
  std::uniform_int_distribution<int> digit(0, 15);
  std::string text;
  for (int i = 0; i < 32; ++i) text += "0123456789abcdef"[digit(device)];
  return text;
}

std::chrono::milliseconds jittered(std::chrono::milliseconds whole) {
  std::random_device device;
  return std::chrono::milliseconds(
      std::uniform_int_distribution<int64_t>(whole.count() / 2, whole.count())(device));
}

}  // namespace sluice::watcher
