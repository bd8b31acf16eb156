#include "agent/report/parts.h"

#include <algorithm>

#include "agent/base/excerpt.h"

namespace sluice::report {
namespace {

template <typename Parts>
size_t name_width(const Parts& parts) {
  size_t width = 0;
  for (const auto& part : parts) width = std::max(width, part.name.size());
  return width;
}

std::string row(const std::string& name, size_t width, const std::string& text) {
  return "  " + name + std::string(width - name.size() + 2, ' ') + text + "\n";
}

base::Result<std::string> read(const Part& part) {
  auto content = part.read();
  if (content && content->size() > kMostPartBytes)
    return base::Error("has " + std::to_string(content->size()) + " bytes, more than " +
                       std::to_string(kMostPartBytes) + ": left out");
  return content;
}

}  // namespace

std::string list_text(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts) text += row(part.name, name_width(parts), part.about);
  return text;
}

std::vector<ReadPart> read_all(const std::vector<Part>& parts, const std::function<void(size_t)>& step) {
  std::vector<ReadPart> all;
  for (const Part& part : parts) {
    step(all.size());
    all.push_back({part.name, part.about, read(part)});
  }
  return all;
}

std::string contents_text(const std::vector<ReadPart>& parts) {
  std::string text;
  for (const ReadPart& part : parts)
    text += row(part.name, name_width(parts),
                part.about + ": " +
                    (part.content ? std::to_string(part.content->size()) + " bytes"
                                  : "MISSING: " + base::one_line(part.content.error().message())));
  return text;
}

std::vector<std::string> missing(const std::vector<ReadPart>& parts) {
  std::vector<std::pair<std::string, std::string>>
      reasons;  // and the parts that it holds for, in their order
  for (const ReadPart& part : parts) {
    if (part.content) continue;
    const std::string why = base::one_line(part.content.error().message());
    const auto known = std::ranges::find(reasons, why, &std::pair<std::string, std::string>::first);
    if (known == reasons.end())
      reasons.emplace_back(why, part.name);
    else
      known->second += ", " + part.name;
  }
  std::vector<std::string> lines;
  lines.reserve(reasons.size());
  for (auto& [why, names] : reasons) lines.push_back(std::move(names.append(": ").append(why)));
  return lines;
}

}  // namespace sluice::report
