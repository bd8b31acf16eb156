// What a text decodes to, for tests in rows.
#pragma once

#include <gtest/gtest.h>

#include "agent/source/decode/decode.h"

namespace sluice::source::decode {

// "Pod default/a; NetworkPolicy prod/web | skipped Deployment=1 | PROBLEM"
inline std::string read(const std::string& text) {
  Decoded decoded = decode(text, "f");
  std::string out;
  for (const auto& object : decoded.objects)
    out += (out.empty() ? "" : "; ") + id_of(object.object).to_text();
  for (const auto& [kind, count] : decoded.skipped) out += " | skipped " + kind + "=" + std::to_string(count);
  for (const auto& warning : decoded.warnings) out += " | warning " + warning.to_text();
  for (const auto& problem : decoded.problems) out += " | " + problem.to_text();
  return out;
}

template <typename T>
T read_one(const std::string& text) {
  Decoded decoded = decode(text, "f");
  for (const auto& problem : decoded.problems) ADD_FAILURE() << problem.to_text();
  if (decoded.objects.size() != 1 || !std::holds_alternative<T>(decoded.objects[0].object)) {
    ADD_FAILURE() << "not one object of the kind: " << text;
    return {};
  }
  return std::get<T>(decoded.objects[0].object);
}

struct Row {
  const char* what;
  const char* text;
  const char* expected;
};

}  // namespace sluice::source::decode
