#include "agent/serve/exposition.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sluice::serve {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

constexpr std::string_view kTotal = "_total", kBlanks = " \t";
constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kOpenMetrics[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_same(std::string_view text, std::string_view lower) {
  const auto lowered = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(text, lower, {}, lowered);
}

// Calls visit(part) for each that `separator` parts.
template <typename Visit>
void for_each_part(std::string_view text, char separator, Visit visit) {
  for (;;) {
    const size_t end = text.find(separator);
    visit(trimmed(text.substr(0, end)));
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

// One element of an Accept header.
struct MediaRange {
  std::string_view type, version;
  double quality = 1;
};

MediaRange parse_media_range(std::string_view text) {
  MediaRange range;
  for_each_part(text, ';', [&range](std::string_view part) {
    const size_t equals = part.find('=');
    if (range.type.empty()) {
      range.type = part;
    } else if (equals != part.npos && is_same(trimmed(part.substr(0, equals)), "q")) {
      const std::string_view number = trimmed(part.substr(equals + 1));
      if (std::from_chars(number.data(), number.data() + number.size(), range.quality).ec != std::errc())
        range.quality = 0;
    } else if (equals != part.npos && is_same(trimmed(part.substr(0, equals)), "version")) {
      range.version = trimmed(part.substr(equals + 1));
    }
  });
  return range;
}

// As Go and Python write a float, which is what readers compare bounds by.
std::string canonical(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  std::string written(text.data(), end);
  return written.find_first_of(".e") == written.npos ? written + ".0" : written;
}

// A number of things, as one.
std::string value_text(double number) {
  constexpr double kExact = 9007199254740992;  // 2^53
  return number == std::floor(number) && std::abs(number) <= kExact
             ? std::to_string(static_cast<int64_t>(number))
             : canonical(number);
}

std::string quoted(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\' || c == '"') safe += '\\';
    safe += c == '\n' ? "\\n" : std::string(1, c);
  }
  return safe;
}

using Labels = std::vector<ClientMetric::Label>;

Labels with(Labels labels, const char* name, double bound) {
  labels.push_back({name, canonical(bound)});
  return labels;
}

void add_sample(std::string& text, std::string_view name, const Labels& labels, const std::string& value) {
  text += name;
  std::string list;
  for (const auto& label : labels)
    list += (list.empty() ? "" : ",") + label.name + "=\"" + quoted(label.value) + "\"";
  if (!list.empty()) text += "{" + list + "}";
  text += " " + value + "\n";
}

// What histograms and summaries end with.
void add_count_and_sum(std::string& text, const std::string& name, const Labels& labels, uint64_t count,
                       double sum) {
  add_sample(text, name + "_count", labels, std::to_string(count));
  add_sample(text, name + "_sum", labels, value_text(sum));
}

void add_histogram(std::string& text, const std::string& name, const ClientMetric& metric) {
  for (const auto& bucket : metric.histogram.bucket)
    add_sample(text, name + "_bucket", with(metric.label, "le", bucket.upper_bound),
               std::to_string(bucket.cumulative_count));
  add_count_and_sum(text, name, metric.label, metric.histogram.sample_count, metric.histogram.sample_sum);
}

void add_summary(std::string& text, const std::string& name, const ClientMetric& metric) {
  for (const auto& quantile : metric.summary.quantile)
    add_sample(text, name, with(metric.label, "quantile", quantile.quantile), value_text(quantile.value));
  add_count_and_sum(text, name, metric.label, metric.summary.sample_count, metric.summary.sample_sum);
}

const char* type_text(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Summary:
      return "summary";
    case MetricType::Untyped:
      return "unknown";
    case MetricType::Histogram:
      return "histogram";
  }
  return "unknown";
}

void add_metric(std::string& text, const std::string& name, MetricType type, const ClientMetric& metric) {
  switch (type) {
    case MetricType::Counter:
      return add_sample(text, name + std::string(kTotal), metric.label, value_text(metric.counter.value));
    case MetricType::Gauge:
      return add_sample(text, name, metric.label, value_text(metric.gauge.value));
    case MetricType::Untyped:
      return add_sample(text, name, metric.label, value_text(metric.untyped.value));
    case MetricType::Summary:
      return add_summary(text, name, metric);
    case MetricType::Histogram:
      return add_histogram(text, name, metric);
  }
}

}  // namespace

bool wants_open_metrics(std::string_view accept) {
  double open = 0, plain = 0;
  for_each_part(accept, ',', [&](std::string_view part) {
    const MediaRange range = parse_media_range(part);
    const bool any_version = range.version.empty() || range.version == "1.0.0";
    if (is_same(range.type, "application/openmetrics-text") && any_version)
      open = std::max(open, range.quality);
    else if (is_same(range.type, "text/plain"))
      plain = std::max(plain, range.quality);
  });
  return open > 0 && open >= plain;
}

std::string open_metrics(const std::vector<prometheus::MetricFamily>& families) {
  std::string text;
  for (const auto& family : families) {
    std::string name = family.name;
    if (family.type == MetricType::Counter && name.ends_with(kTotal))
      name.resize(name.size() - kTotal.size());
    text += "# TYPE " + name + " " + type_text(family.type) + "\n";
    text += "# HELP " + name + " " + quoted(family.help) + "\n";
    for (const auto& metric : family.metric) add_metric(text, name, family.type, metric);
  }
  return text + "# EOF\n";
}

HttpAnswer metrics_answer(std::string_view accept, const std::vector<prometheus::MetricFamily>& families) {
  if (wants_open_metrics(accept)) return {200, kOpenMetrics, open_metrics(families)};
  return {200, kPrometheusText, prometheus::TextSerializer().Serialize(families)};
}

}  // namespace sluice::serve
