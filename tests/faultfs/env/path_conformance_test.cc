// How a path is read: dots, slashes, long names, the empty path and the root.
#include "tests/faultfs/env/conformance.h"

namespace faultfs {
namespace {

class PathConformance : public Conformance {
 protected:
  void SetUp() override {
    Put("f", "abc");
    ASSERT_EQ(CreateDir("d"), Code::kOk);
    ASSERT_EQ(CreateDir("d/e"), Code::kOk);
  }
};
INSTANTIATE_TEST_SUITE_P(All, PathConformance, testing::ValuesIn(kSubjects), SubjectName);

constexpr OpenFlags kCreate{.write = true, .create = true};

TEST_P(PathConformance, DotsAndDoubledSlashesOnTheWay) {
  EXPECT_EQ(Content("./f"), "abc");
  EXPECT_EQ(Content("d/../f"), "abc");
  EXPECT_EQ(Content("d//e/.././../f"), "abc");
  EXPECT_EQ(Names("d/."), "e/");
  EXPECT_EQ(Names("d/e/.."), "e/");
  EXPECT_EQ(Names("d/"), "e/");
  EXPECT_EQ(Open("missing/../f"), Code::kNotFound) << "each step must be there";
  EXPECT_EQ(Open("f/../f"), Code::kNotADirectory);
  EXPECT_EQ(Open("f/."), Code::kNotADirectory);
}

TEST_P(PathConformance, DotsAtTheEndNameADirectory) {
  EXPECT_EQ(Open("d/."), Code::kIsADirectory);
  EXPECT_EQ(Open("d/..", kCreate), Code::kIsADirectory);
  EXPECT_EQ(CreateDir("d/."), Code::kAlreadyExists);
  EXPECT_EQ(CreateDir("d/.."), Code::kAlreadyExists);
  EXPECT_EQ(Remove("d/."), Code::kIsADirectory);
  EXPECT_EQ(Remove("d/.."), Code::kIsADirectory);
  EXPECT_EQ(RemoveDir("d/e/."), Code::kInvalidArgument);
  EXPECT_EQ(RemoveDir("d/e/.."), Code::kNotEmpty);
  EXPECT_EQ(Link("f", "d/."), Code::kAlreadyExists);
  EXPECT_EQ(Link("d/.", "x"), Code::kIsADirectory);
  EXPECT_EQ(Rename("d/.", "x"), Code::kInvalidArgument);
  EXPECT_EQ(Rename("d/e", "d/.."), Code::kInvalidArgument);
  EXPECT_EQ(SyncDir("d/.."), Code::kOk);
  EXPECT_EQ(Names(), "d/ f");
}

TEST_P(PathConformance, SlashesAtTheEndOfAFile) {
  EXPECT_EQ(Open("f/"), Code::kNotADirectory);
  EXPECT_EQ(Open("f/", {.write = true}), Code::kNotADirectory);
  EXPECT_EQ(Open("f/", kCreate), Code::kIsADirectory);
  EXPECT_EQ(Stat("f/"), Code::kNotADirectory);
  EXPECT_EQ(Remove("f/"), Code::kNotADirectory);
  EXPECT_EQ(RemoveDir("f/"), Code::kNotADirectory);
  EXPECT_EQ(CreateDir("f/"), Code::kAlreadyExists);
  EXPECT_EQ(Link("f/", "x"), Code::kNotADirectory);
  EXPECT_EQ(Rename("f/", "x"), Code::kNotADirectory);
  EXPECT_EQ(Rename("d", "f/"), Code::kNotADirectory);
  Put("d/x", "");
  EXPECT_EQ(Rename("d/x/", "d"), Code::kNotADirectory) << "before it is seen that d is above d/x";
  EXPECT_EQ(Names(), "d/ f");
}

TEST_P(PathConformance, SlashesAtTheEndOfAMissingName) {
  EXPECT_EQ(Open("x/"), Code::kNotFound);
  EXPECT_EQ(Open("x/", kCreate), Code::kIsADirectory);
  EXPECT_EQ(Lock("x/"), Code::kIsADirectory);
  EXPECT_EQ(Remove("x/"), Code::kNotFound);
  EXPECT_EQ(Link("f", "x/"), Code::kNotFound);
  EXPECT_EQ(Rename("f", "x/"), Code::kNotADirectory);
  EXPECT_EQ(CreateDir("x//"), Code::kOk);
  EXPECT_EQ(Rename("x/", "y/"), Code::kOk);
  EXPECT_EQ(Names(), "d/ f y/");
  EXPECT_EQ(RemoveDir("y/"), Code::kOk);
}

TEST_P(PathConformance, SlashesAtTheEndOfADirectory) {
  EXPECT_EQ(Open("d/"), Code::kIsADirectory);
  EXPECT_EQ(Remove("d/"), Code::kIsADirectory);
  EXPECT_EQ(CreateDir("d/"), Code::kAlreadyExists);
  EXPECT_EQ(RemoveDir("d/"), Code::kNotEmpty);
  EXPECT_EQ(SyncDir("d/"), Code::kOk);
}

TEST_P(PathConformance, ANameHasAtMost255Bytes) {
  const std::string longest(255, 'n');
  const std::string too_long(256, 'n');
  Put(longest, "long");
  EXPECT_EQ(Content(longest), "long");
  EXPECT_EQ(Rename(longest, "short"), Code::kOk);
  EXPECT_EQ(Open(too_long), Code::kInvalidArgument);
  EXPECT_EQ(Open(too_long, kCreate), Code::kInvalidArgument);
  EXPECT_EQ(Open("d/" + too_long + "/x"), Code::kInvalidArgument);
  EXPECT_EQ(CreateDir(too_long), Code::kInvalidArgument);
  EXPECT_EQ(Stat(too_long), Code::kInvalidArgument);
  EXPECT_EQ(Remove(too_long), Code::kInvalidArgument);
  EXPECT_EQ(Rename("f", too_long), Code::kInvalidArgument);
  EXPECT_EQ(Link("f", too_long), Code::kInvalidArgument);
  EXPECT_EQ(Open("f/" + too_long), Code::kNotADirectory) << "a file has no names to be too long";
  EXPECT_EQ(Names(), "d/ f short");
}

TEST_P(PathConformance, AZeroByteIsInvalid) {
  const std::string name("f\0x", 3);
  EXPECT_EQ(Open(name), Code::kInvalidArgument);
  EXPECT_EQ(Open(name, kCreate), Code::kInvalidArgument);
  EXPECT_EQ(CreateDir(name), Code::kInvalidArgument);
  EXPECT_EQ(Remove(name), Code::kInvalidArgument);
  EXPECT_EQ(RemoveDir(name), Code::kInvalidArgument);
  EXPECT_EQ(Rename("f", name), Code::kInvalidArgument);
  EXPECT_EQ(Rename(name, "f"), Code::kInvalidArgument);
  EXPECT_EQ(Link("f", name), Code::kInvalidArgument);
  EXPECT_EQ(Stat(name), Code::kInvalidArgument);
  EXPECT_EQ(List(name), Code::kInvalidArgument);
  EXPECT_EQ(SyncDir(name), Code::kInvalidArgument);
  EXPECT_EQ(Lock(name), Code::kInvalidArgument);
}

TEST_P(PathConformance, AnyOtherByteIsPartOfAName) {
  const std::string name = "a b\n\x01\xff*\\";
  Put(name, "odd");
  EXPECT_EQ(Content(name), "odd");
  EXPECT_EQ(Names(), name + " d/ f");
}

TEST_P(PathConformance, TheEmptyPathNamesNothing) {
  EXPECT_EQ(Of(fs().Open("", {}, kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().Open("", kCreate, kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().CreateDir("", kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().Remove("", kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().RemoveDir("", kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().Rename("", In("x"), kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().Rename(In("f"), "", kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().Link("", In("x"), kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().Link(In("f"), "", kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().List("")), Code::kNotFound);
  EXPECT_EQ(Of(fs().Stat("")), Code::kNotFound);
  EXPECT_EQ(Of(fs().SyncDir("", kTag)), Code::kNotFound);
  EXPECT_EQ(Of(fs().Lock("", kTag)), Code::kNotFound);
}

TEST_P(PathConformance, TheRoot) {
  EXPECT_EQ(fs().Stat("/")->type, FileType::kDirectory);
  EXPECT_EQ(fs().Stat("/..")->identity, fs().Stat("/")->identity) << "its own parent";
  EXPECT_EQ(Of(fs().List("/")), Code::kOk);
  EXPECT_EQ(Of(fs().Open("/", {}, kTag)), Code::kIsADirectory);
  EXPECT_EQ(Of(fs().CreateDir("/", kTag)), Code::kAlreadyExists);
  EXPECT_EQ(Of(fs().Remove("/", kTag)), Code::kIsADirectory);
  EXPECT_EQ(Of(fs().RemoveDir("/", kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(fs().Rename("/", "/no-such-name", kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(fs().Rename("/no-such-name", "/", kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(fs().Link(In("f"), "/", kTag)), Code::kAlreadyExists);
}

}  // namespace
}  // namespace faultfs
