// Names: making, linking, moving and removing them, and what each refuses.
#include "tests/faultfs/env/conformance.h"

namespace faultfs {
namespace {

using TreeConformance = Conformance;
INSTANTIATE_TEST_SUITE_P(All, TreeConformance, testing::ValuesIn(kSubjects), SubjectName);

TEST_P(TreeConformance, ListIsSortedByBytes) {
  for (const char* name : {"b", "a", "B", "aa", "\xc3\xa4", "-", "~"}) Put(name, "");
  EXPECT_EQ(CreateDir("c"), Code::kOk);
  EXPECT_EQ(Names(), "- B a aa b c/ ~ \xc3\xa4");
}

TEST_P(TreeConformance, ListOfWhatIsNoDirectory) {
  Put("f", "");
  EXPECT_EQ(List("f"), Code::kNotADirectory);
  EXPECT_EQ(SyncDir("f"), Code::kNotADirectory);
  EXPECT_EQ(List("missing"), Code::kNotFound);
  EXPECT_EQ(SyncDir("missing"), Code::kNotFound);
  EXPECT_EQ(SyncDir(""), Code::kOk);
}

TEST_P(TreeConformance, CreateDirAndRemoveDir) {
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(CreateDir("d"), Code::kAlreadyExists);
  EXPECT_EQ(CreateDir("d/e"), Code::kOk);
  EXPECT_EQ(RemoveDir("d"), Code::kNotEmpty);
  EXPECT_EQ(RemoveDir("d/e"), Code::kOk);
  EXPECT_EQ(RemoveDir("d"), Code::kOk);
  EXPECT_EQ(RemoveDir("d"), Code::kNotFound);
  EXPECT_EQ(Names(), "");
}

TEST_P(TreeConformance, FilesAndDirectoriesAreRemovedByTheirOwnCalls) {
  Put("f", "");
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(RemoveDir("f"), Code::kNotADirectory);
  EXPECT_EQ(Remove("d"), Code::kIsADirectory);
  EXPECT_EQ(CreateDir("f"), Code::kAlreadyExists);
  EXPECT_EQ(Remove("missing"), Code::kNotFound);
  EXPECT_EQ(Names(), "d/ f");
}

TEST_P(TreeConformance, MissingParents) {
  Put("f", "");
  EXPECT_EQ(Open("m/x"), Code::kNotFound);
  EXPECT_EQ(Open("m/x", {.write = true, .create = true}), Code::kNotFound);
  EXPECT_EQ(CreateDir("m/x"), Code::kNotFound);
  EXPECT_EQ(Remove("m/x"), Code::kNotFound);
  EXPECT_EQ(RemoveDir("m/x"), Code::kNotFound);
  EXPECT_EQ(Link("f", "m/x"), Code::kNotFound);
  EXPECT_EQ(Rename("f", "m/x"), Code::kNotFound);
  EXPECT_EQ(Rename("m/x", "f"), Code::kNotFound);
  EXPECT_EQ(Stat("m/x"), Code::kNotFound);
  EXPECT_EQ(Names(), "f");
}

TEST_P(TreeConformance, AFileIsNoParent) {
  Put("f", "");
  EXPECT_EQ(Open("f/x"), Code::kNotADirectory);
  EXPECT_EQ(Open("f/x", {.write = true, .create = true}), Code::kNotADirectory);
  EXPECT_EQ(CreateDir("f/x"), Code::kNotADirectory);
  EXPECT_EQ(Remove("f/x"), Code::kNotADirectory);
  EXPECT_EQ(RemoveDir("f/x"), Code::kNotADirectory);
  EXPECT_EQ(Link("f", "f/x"), Code::kNotADirectory);
  EXPECT_EQ(Rename("f", "f/x"), Code::kNotADirectory);
  EXPECT_EQ(Stat("f/x"), Code::kNotADirectory);
  EXPECT_EQ(List("f/x"), Code::kNotADirectory);
  EXPECT_EQ(SyncDir("f/x"), Code::kNotADirectory);
}

TEST_P(TreeConformance, StatTellsFilesFromDirectories) {
  Put("f", "12345");
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  const FileStat file = StatOf("f");
  EXPECT_EQ(file.type, FileType::kFile);
  EXPECT_EQ(file.size_bytes, 5u);
  EXPECT_EQ(file.link_count, 1u);
  const FileStat directory = StatOf("d");
  EXPECT_EQ(directory.type, FileType::kDirectory);
  EXPECT_EQ(directory.size_bytes, 0u);
  EXPECT_EQ(directory.link_count, 0u);
}

TEST_P(TreeConformance, LinksAreOneFile) {
  Put("a", "abc");
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(Link("a", "d/b"), Code::kOk);
  EXPECT_EQ(StatOf("a").link_count, 2u);
  EXPECT_TRUE(SameFile("a", "d/b"));
  WriteText(*Writable("d/b"), 3, "def");
  EXPECT_EQ(Content("a"), "abcdef");
  EXPECT_EQ(Remove("a"), Code::kOk);
  EXPECT_EQ(StatOf("d/b").link_count, 1u);
  EXPECT_EQ(Content("d/b"), "abcdef");
}

TEST_P(TreeConformance, TwoFilesAreTwo) {
  Put("a", "same");
  Put("b", "same");
  EXPECT_FALSE(SameFile("a", "b"));
}

TEST_P(TreeConformance, LinkRefuses) {
  Put("a", "");
  Put("b", "");
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(Link("a", "b"), Code::kAlreadyExists);
  EXPECT_EQ(Link("a", "a"), Code::kAlreadyExists);
  EXPECT_EQ(Link("a", "d"), Code::kAlreadyExists);
  EXPECT_EQ(Link("d", "e"), Code::kIsADirectory);
  EXPECT_EQ(Link("d", "b"), Code::kAlreadyExists) << "the target is looked at first";
  EXPECT_EQ(Link("missing", "e"), Code::kNotFound);
  EXPECT_EQ(Link("missing", "b"), Code::kNotFound) << "but a missing source before that";
  EXPECT_EQ(Names(), "a b d/");
}

TEST_P(TreeConformance, RenameMovesAFile) {
  Put("a", "abc");
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(Rename("a", "d/b"), Code::kOk);
  EXPECT_EQ(Names(), "d/");
  EXPECT_EQ(Content("d/b"), "abc");
}

TEST_P(TreeConformance, RenameReplacesAFile) {
  Put("a", "new");
  Put("b", "old");
  EXPECT_EQ(Link("b", "other"), Code::kOk);
  EXPECT_EQ(Rename("a", "b"), Code::kOk);
  EXPECT_EQ(Names(), "b other");
  EXPECT_EQ(Content("b"), "new");
  EXPECT_EQ(Content("other"), "old");
  EXPECT_EQ(StatOf("other").link_count, 1u);
}

TEST_P(TreeConformance, RenameMovesADirectoryWithAllInIt) {
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(CreateDir("d/e"), Code::kOk);
  Put("d/e/f", "abc");
  EXPECT_EQ(CreateDir("x"), Code::kOk);
  EXPECT_EQ(Rename("d/e", "x/y"), Code::kOk);
  EXPECT_EQ(Names("d"), "");
  EXPECT_EQ(Content("x/y/f"), "abc");
  EXPECT_EQ(Names("x/y/.."), "y/") << "the parent of a moved directory is the new one";
}

TEST_P(TreeConformance, RenameOfADirectoryReplacesAnEmptyOne) {
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  Put("d/f", "");
  EXPECT_EQ(CreateDir("e"), Code::kOk);
  EXPECT_EQ(Rename("d", "e"), Code::kOk);
  EXPECT_EQ(Names(), "e/");
  EXPECT_EQ(Names("e"), "f");
}

TEST_P(TreeConformance, RenameRefusesWhatDoesNotFit) {
  Put("f", "");
  EXPECT_EQ(CreateDir("empty"), Code::kOk);
  EXPECT_EQ(CreateDir("full"), Code::kOk);
  Put("full/x", "");
  EXPECT_EQ(Rename("empty", "full"), Code::kNotEmpty);
  EXPECT_EQ(Rename("f", "empty"), Code::kIsADirectory);
  EXPECT_EQ(Rename("f", "full"), Code::kIsADirectory);
  EXPECT_EQ(Rename("empty", "f"), Code::kNotADirectory);
  EXPECT_EQ(Rename("missing", "f"), Code::kNotFound);
  EXPECT_EQ(Rename("missing", "missing"), Code::kNotFound);
  EXPECT_EQ(Names(), "empty/ f full/");
}

TEST_P(TreeConformance, RenameIntoItselfOrOverAnAncestor) {
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(CreateDir("d/e"), Code::kOk);
  Put("d/f", "");
  EXPECT_EQ(Rename("d", "d/x"), Code::kInvalidArgument);
  EXPECT_EQ(Rename("d", "d/e"), Code::kInvalidArgument);
  EXPECT_EQ(Rename("d", "d/e/x"), Code::kInvalidArgument);
  EXPECT_EQ(Rename("d/e", "d"), Code::kNotEmpty);
  EXPECT_EQ(Rename("d/f", "d"), Code::kNotEmpty) << "before the types are compared";
  EXPECT_EQ(Names("d"), "e/ f");
}

TEST_P(TreeConformance, RenameOntoItselfDoesNothing) {
  Put("f", "abc");
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(Rename("f", "f"), Code::kOk);
  EXPECT_EQ(Rename("d", "d"), Code::kOk);
  EXPECT_EQ(Names(), "d/ f");
  EXPECT_EQ(Content("f"), "abc");
}

TEST_P(TreeConformance, RenameBetweenTwoNamesOfOneFileDoesNothing) {
  Put("a", "abc");
  EXPECT_EQ(Link("a", "b"), Code::kOk);
  EXPECT_EQ(Rename("a", "b"), Code::kOk);
  EXPECT_EQ(Names(), "a b");
  EXPECT_EQ(StatOf("a").link_count, 2u);
}

TEST_P(TreeConformance, RemovedDirectoryTakesNothingNew) {
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(RemoveDir("d"), Code::kOk);
  EXPECT_EQ(Open("d/f", {.write = true, .create = true}), Code::kNotFound);
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(Names("d"), "");
}

}  // namespace
}  // namespace faultfs
