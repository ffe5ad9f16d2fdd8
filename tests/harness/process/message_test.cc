// What a process tells its parent, and the text of the [process] table.
#include "harness/process/internal/message.h"

#include <gtest/gtest.h>

#include "harness/process_plan.h"

namespace crashlab {
namespace {

/// Something in every field.
Message Full() {
  Message message;
  message.kind = Message::Kind::kLife;
  message.event = {Event::Kind::kReturn, 7, Outcome::kInfo, Code::kNoSpace};
  message.reply.status = Status::Error(Code::kNoSpace, "full").File("/db/a");
  message.reply.value = std::string("\0x", 2);
  message.reply.number = 9;
  message.reply.dump = {{"a", ""}, {"b", "1"}};
  message.background = Status::Error(Code::kIoError, "later");
  message.provocation = {.any = true, .harmful = true};
  message.text = "just before";
  message.number = UINT64_MAX;
  message.wide = {3, 4};
  message.life.seen.dump = {{"k", "v"}};
  message.life.seen.hash = HashOf(message.life.seen.dump);
  message.life.violation = Violation{Verdict::kNotWritable, "no"};
  message.life.reopened = message.life.seen;
  return message;
}

TEST(MessageTest, ComesBackEqual) {
  const std::string bytes = Encode(Full());
  const std::optional<Message> back = DecodeMessage(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->event, Full().event);
  EXPECT_EQ(back->reply.status.ToString(), "NO_SPACE: full (file /db/a)");
  EXPECT_EQ(back->reply.value, Full().reply.value);
  EXPECT_EQ(back->reply.dump, Full().reply.dump);
  EXPECT_EQ(back->life.seen.hash, Full().life.seen.hash);
  EXPECT_EQ(back->life.violation, Full().life.violation);
  EXPECT_EQ(Encode(*back).size(), bytes.size());
}

TEST(MessageTest, APartOfItIsNone) {
  const std::string bytes = Encode(Full());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeMessage(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeMessage(bytes + "x"));
}

TEST(KillPointTest, PrintAndParseAreInverse) {
  for (const std::string_view text : {"end", "call 1", "within 17", "operation 3", "moment 0"}) {
    const auto point = ParseKillPoint(text);
    ASSERT_TRUE(point.ok()) << text;
    EXPECT_EQ(Print(*point), text);
  }
  for (const std::string_view text :
       {"", "end 1", "call", "call 0", "call x", "call 1 ", "moment 1000", "Call 1", "call  1"}) {
    EXPECT_FALSE(ParseKillPoint(text).ok()) << text;
  }
}

TEST(KillPointTest, AChainPrintsAndParses) {
  for (const std::string_view text :
       {"end", "moment 5", "call 17, then call 3", "moment 5, then within 2, then end"}) {
    const auto chain = ParseKillChain(text);
    ASSERT_TRUE(chain.ok()) << text;
    EXPECT_EQ(Print(*chain), text);
  }
  for (const std::string_view text :
       {"", ", then end", "end, then ", "end, then", "end then end", "end, end",
        "call 1, then call 0", "end, then moment 3", "end, then operation 1"}) {
    EXPECT_FALSE(ParseKillChain(text).ok()) << text;
  }
}

TEST(KillPointTest, DirectoriesPrintAndParse) {
  for (const std::string_view text : {"temporary", "tmpfs:256k", "tmpfs:1m", "tmpfs:16385"}) {
    const auto bytes = ParseDirectory(text);
    ASSERT_TRUE(bytes.ok()) << text;
    EXPECT_EQ(PrintDirectory({.tmpfs_bytes = *bytes}), text);
  }
  for (const std::string_view text :
       {"", "tmpfs", "tmpfs:", "tmpfs:1k", "tmpfs:2000m", "tmpfs:1g"}) {
    EXPECT_FALSE(ParseDirectory(text).ok()) << text;
  }
}

}  // namespace
}  // namespace crashlab
