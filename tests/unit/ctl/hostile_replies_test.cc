// Whatever the texts of an agent's reply hold, nothing of it reaches the terminal: each field of each reply in turn, by
// the messages' own descriptions, so that a field that comes is asked too.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "agent/apps/ctl/asking.h"
#include "agent/apps/ctl/status_text.h"
#include "agent/base/utf8.h"
#include "agent/explain/answer.h"
#include "agent/explain/wire/check_reply.h"
#include "agent/observe/json.h"
#include "agent/observe/text.h"
#include "agent/stream/convert.h"

namespace sluice::apps::ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kHostile[] = "\x1b[2J\x1b]0;x\x07\r\nforged   line\u202e\u009b31m\u0085\x7f\u200b\u2028";

// Every text hostile, every list with two entries, every other field not zero.
void fill(Message& message, int depth) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    for (int times = field->is_repeated() ? 2 : 1; times > 0; --times) {
      const bool add = field->is_repeated();
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING:
          add ? reflection->AddString(&message, field, kHostile)
              : reflection->SetString(&message, field, kHostile);
          break;
        case FieldDescriptor::CPPTYPE_MESSAGE:
          if (depth > 0)
            fill(
                add ? *reflection->AddMessage(&message, field) : *reflection->MutableMessage(&message, field),
                depth - 1);
          break;
        case FieldDescriptor::CPPTYPE_UINT64:
          if (!add) reflection->SetUInt64(&message, field, 7);
          break;
        case FieldDescriptor::CPPTYPE_UINT32:
          if (!add) reflection->SetUInt32(&message, field, 7);
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          if (!add) reflection->SetBool(&message, field, true);
          break;
        default:
          break;
      }
    }
  }
}

template <typename Reply>
Reply hostile() {
  Reply reply;
  fill(reply, 4);
  return reply;
}

// No line is one that the text began by itself, and no character is hidden.
void expect_harmless(const std::string& text) {
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text.find("\nforged"), std::string::npos) << text;
  for (std::string_view rest = text; !rest.empty();) {
    const base::Character next = base::first_character(rest);
    ASSERT_GT(next.bytes, 0U) << text;
    ASSERT_TRUE(next.code == '\n' || !base::is_hidden(next.code))
        << "U+" << std::hex << static_cast<uint32_t>(next.code) << " in " << text;
    rest.remove_prefix(next.bytes);
  }
}

TEST(HostileReplies, TablesAreHarmless) {
  expect_harmless(status_text(hostile<v1::StatusReply>(), 1000, false));
  expect_harmless(endpoints_text(hostile<v1::EndpointsReply>(), false));
  expect_harmless(policies_text(hostile<v1::PoliciesReply>(), false));
  expect_harmless(identities_text(hostile<v1::IdentitiesReply>(), false));
  expect_harmless(names_text(hostile<v1::NamesReply>(), false));
  expect_harmless(maps_text(hostile<v1::MapsReply>(), false));
}

TEST(HostileReplies, JsonIsHarmless) {
  for (const auto& reply : std::initializer_list<std::shared_ptr<Message>>{
           std::make_shared<v1::StatusReply>(hostile<v1::StatusReply>()),
           std::make_shared<v1::EndpointsReply>(hostile<v1::EndpointsReply>()),
           std::make_shared<v1::NamesReply>(hostile<v1::NamesReply>())}) {
    const auto text = json_text(*reply);
    ASSERT_TRUE(text.ok());
    expect_harmless(*text);
  }
}

TEST(HostileReplies, RecordsAndAnswersAreHarmless) {
  const observe::FlowRecord record = stream::decode(hostile<v1::Flow>());
  expect_harmless(observe::line_of(record, {}));
  const auto answer = explain::wire::answer_of(hostile<v1::CheckReply>());
  expect_harmless(explain::to_text(answer, false));
}

}  // namespace
}  // namespace sluice::apps::ctl
