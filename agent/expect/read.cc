// Expectations out of YAML or JSON.
#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/expect/expectations.h"
#include "agent/source/decode/documents.h"
#include "agent/source/decode/field.h"
#include "agent/source/decode/names.h"

namespace sluice::expect {

namespace decode = source::decode;
using decode::Field;

namespace {

constexpr size_t kMostExpectations = 100'000;

void check_end(const Field& field, const std::string& text, bool may_be_domain) {
  if (text.ends_with(kEveryPod) && text.size() > kEveryPod.size() &&
      text.find('/') == text.size() - kEveryPod.size())
    return;
  if (may_be_domain && !model::domain_named(text).empty()) return;
  if (auto party = model::parse_party(text); !party)
    field.fail(party.error().message() + ", nor NAMESPACE/*");
}

// One, or a list of them.
std::vector<std::string> read_ends(const Field& field, bool may_be_domain = false) {
  std::vector<std::string> ends;
  const auto add = [&](const Field& item) {
    ends.push_back(item.required_text());
    if (!ends.back().empty()) check_end(item, ends.back(), may_be_domain);
  };
  if (field.tree().type() == decode::TreeType::kSequence)
    field.each(add);
  else if (!field.absent())
    add(field);
  return ends;
}

std::string read_port(const Field& field, net::Protocol protocol) {
  if (field.absent()) {
    if (protocol.has_ports()) field.fail("is missing: " + protocol.to_text() + " has ports");
    return {};
  }
  if (!protocol.has_ports()) field.fail("must be absent: " + protocol.to_text() + " has no ports");
  if (!field.is_plain_number()) {
    std::string name = field.required_text();
    field.check(name, decode::port_name_fault(name));
    return name;
  }
  const auto number = field.integer();
  if (number) (void)field.value_of(net::Port::from_number(*number));
  return number ? std::to_string(*number) : "";
}

Expectation read_one(const Field& root, const std::string& file) {
  root.allow_only({"name", "from", "to", "except", "port", "protocol", "expect", "because"});
  Expectation one;
  one.file = file;
  one.line = root.tree().line();
  one.name = base::one_line(root.get("name").required_text());
  one.from = read_ends(root.get("from"));
  one.to = read_ends(root.get("to"), /*may_be_domain=*/true);
  one.except = read_ends(root.get("except"));
  for (const auto& [key, ends] : {std::pair("from", &one.from), {"to", &one.to}})
    if (ends->empty()) root.get(key).fail("is missing: write NAMESPACE/POD, a list of them, or NAMESPACE/*");
  if (const Field protocol = root.get("protocol"); !protocol.absent())
    one.protocol = protocol.value_of(model::parse_probe_protocol(protocol.tree().text()));
  one.port = read_port(root.get("port"), one.protocol);
  const Field expect = root.get("expect");
  const std::string wanted = expect.text();
  one.allow = wanted == "allow";
  if (wanted != "allow" && wanted != "deny")
    expect.fail(wanted.empty() ? "is missing: write allow or deny"
                               : base::excerpt(wanted) + " is neither allow nor deny");
  one.because = root.get("because").text();
  return one;
}

}  // namespace

Expectations read_expectations(std::string_view bytes, const std::string& file) {
  Expectations read;
  const auto problem = [&](uint32_t line, const std::string& what) {
    read.problems.push_back(file + ": line " + std::to_string(line) + ": " + what);
  };
  decode::for_each_document(
      bytes, [&](int, const std::variant<decode::Document, decode::SyntaxError>& parsed) {
        if (const auto* error = std::get_if<decode::SyntaxError>(&parsed))
          return problem(error->line, error->message);
        const decode::Tree root = std::get<decode::Document>(parsed).root();
        if (root.type() != decode::TreeType::kSequence)
          return problem(root.line(),
                         "is " + std::string(to_text(root.type())) + " where a list of expectations is due");
        size_t number = 0;
        for (const decode::Tree item : root) {
          ++number;
          if (read.all.size() == kMostExpectations)
            return problem(item.line(), "more than " + std::to_string(kMostExpectations) +
                                            " expectations: divide the file");
          decode::Decoding decoding;
          Expectation one = read_one(Field(decoding, item), file);
          if (!decoding.fault()) {
            read.all.push_back(std::move(one));
            continue;
          }
          const std::string& field = decoding.fault()->field;
          const std::string& message = decoding.fault()->message;
          const std::string where = field.empty() ? "" : field + ": ";
          problem(item.line(), std::string("expectation ")
                                   .append(std::to_string(number))
                                   .append(": ")
                                   .append(where)
                                   .append(message));
        }
      });
  if (read.all.empty() && read.problems.empty()) read.problems.push_back(file + ": holds no expectation");
  return read;
}

}  // namespace sluice::expect
