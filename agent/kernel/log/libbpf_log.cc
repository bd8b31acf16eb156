#include "agent/kernel/log/libbpf_log.h"

#include <bpf/libbpf.h>
#include <spdlog/spdlog.h>

#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace sluice::kernel::log {
namespace {

int log_warning(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char text[1024];
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  if (length < 0) return 0;
  std::string_view line(text);
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  spdlog::warn("{}", line);
  return length;
}

}  // namespace

void route_libbpf_log() {
  libbpf_set_print(log_warning);
}

}  // namespace sluice::kernel::log
