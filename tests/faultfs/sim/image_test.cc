#include "faultfs/sim/image.h"

#include <gtest/gtest.h>

#include <vector>

#include "faultfs/env/random.h"
#include "tests/faultfs/sim/machine.h"

namespace faultfs {
namespace {

using test::AddDirectory;
using test::AddFile;
using test::Bytes;
using test::Content;

void ExpectSame(const Image& a, const Image& b) {
  EXPECT_TRUE(SameContent(a, b)) << a.Describe() << "\n" << b.Describe();
  EXPECT_TRUE(SameContent(b, a));
  EXPECT_EQ(a.ContentHash(), b.ContentHash());
  EXPECT_EQ(a.Describe(), b.Describe());
}

void ExpectDifferent(const Image& a, const Image& b) {
  EXPECT_FALSE(SameContent(a, b)) << a.Describe();
  EXPECT_FALSE(SameContent(b, a));
  EXPECT_NE(a.ContentHash(), b.ContentHash());
}

TEST(ImageTest, StartsAsAnEmptyRoot) {
  const Image image;
  ASSERT_NE(image.Find(kRootInode), nullptr);
  EXPECT_EQ(image.Find(kRootInode)->type, FileType::kDirectory);
  EXPECT_EQ(image.Find(kRootInode)->parent, kRootInode);
  EXPECT_EQ(image.Find(kNoInode), nullptr);
  EXPECT_EQ(image.next_inode(), 2u);
  EXPECT_EQ(image.Describe(), "");
}

TEST(ImageTest, AChangedCopyLeavesTheOriginal) {
  Image original;
  const InodeNumber file = AddFile(original, "f", std::string(10'000, 'a'));
  const InodeNumber directory = AddDirectory(original, "d");
  const Hash128 hash = original.ContentHash();
  const std::string text = original.Describe();

  Image copy = original;
  copy.Write(file, 5000, Bytes("changed"));
  ExpectDifferent(original, copy);
  copy.SetSize(file, 3);
  copy.SetEntry(directory, "inside", file);
  copy.RemoveEntry(kRootInode, "f");

  EXPECT_EQ(original.Describe(), text);
  EXPECT_EQ(original.ContentHash(), hash);
  EXPECT_EQ(Content(original, file), std::string(10'000, 'a'));
  EXPECT_EQ(original.Find(file)->link_count, 1u);
  EXPECT_EQ(Content(copy, file), "aaa");
}

TEST(ImageTest, AChangedOriginalLeavesTheCopy) {
  Image original;
  const InodeNumber file = AddFile(original, "f", "before");
  const Image copy = original;
  original.Write(file, 0, Bytes("AFTER"));
  EXPECT_EQ(Content(copy, file), "before");
  EXPECT_EQ(Content(original, file), "AFTERe");
}

TEST(ImageTest, EqualityIsOfNamesNotOfInodeNumbers) {
  Image a;
  AddFile(a, "x", "1");
  AddFile(a, "y", "2");
  Image b;
  AddFile(b, "y", "2");
  AddFile(b, "x", "1");
  ExpectSame(a, b);
}

TEST(ImageTest, EachKindOfDifferenceCounts) {
  Image base;
  const InodeNumber file = AddFile(base, "f", "content");
  AddDirectory(base, "d");
  std::vector<Image> others(6, base);
  others[0].Write(file, 0, Bytes("C"));       // a byte
  others[1].SetSize(file, 8);                 // the size, though all new bytes are zeros
  others[2].SetEntry(kRootInode, "g", file);  // a name
  others[3].RemoveEntry(kRootInode, "d");     // an empty directory
  AddFile(others[4], "d", "");                // the type
  others[5].SetEntry(test::Resolve(base, "/d"), "f", file);
  for (size_t i = 0; i < others.size(); ++i) {
    ExpectDifferent(base, others[i]);
    for (size_t j = 0; j < i; ++j) ExpectDifferent(others[j], others[i]);
  }
}

TEST(ImageTest, AHoleEqualsZeros) {
  Image hole;
  const InodeNumber sparse = AddFile(hole, "f", "");
  hole.SetSize(sparse, 3 * kBlockBytes);
  hole.Write(sparse, kBlockBytes, Bytes("x"));
  Image zeros;
  const InodeNumber dense = AddFile(zeros, "f", std::string(3 * kBlockBytes, '\0'));
  ExpectDifferent(hole, zeros);
  zeros.Write(dense, kBlockBytes, Bytes("x"));
  ExpectSame(hole, zeros);
  EXPECT_FALSE(hole.Find(sparse)->blocks[0]);
  EXPECT_TRUE(zeros.Find(dense)->blocks[0]);
  zeros.Write(dense, 3 * kBlockBytes - 1, Bytes("y"));
  ExpectDifferent(hole, zeros);
}

TEST(ImageTest, CutBytesDoNotComeBack) {
  Image image;
  const InodeNumber file = AddFile(image, "f", std::string(5000, 'a'));
  image.SetSize(file, 4100);
  image.SetSize(file, 9000);
  EXPECT_EQ(Content(image, file), std::string(4100, 'a') + std::string(4900, '\0'));
  image.SetSize(file, 0);
  image.Write(file, 3, Bytes("b"));
  EXPECT_EQ(Content(image, file), std::string(3, '\0') + "b");
}

TEST(ImageTest, ReadStopsAtTheEnd) {
  Image image;
  const InodeNumber file = AddFile(image, "f", "0123456789");
  std::vector<std::byte> buffer(20, std::byte{0xff});
  EXPECT_EQ(image.Read(file, 4, buffer), 6u);
  EXPECT_EQ(buffer[5], std::byte{'9'});
  EXPECT_EQ(buffer[6], std::byte{0xff});
  EXPECT_EQ(image.Read(file, 10, buffer), 0u);
  EXPECT_EQ(image.Read(file, UINT64_MAX, buffer), 0u);
}

TEST(ImageTest, LinksToOneFileDifferFromTwoEqualFiles) {
  Image linked;
  const InodeNumber file = AddFile(linked, "a", "same");
  linked.SetEntry(kRootInode, "b", file);
  Image copied;
  AddFile(copied, "a", "same");
  AddFile(copied, "b", "same");
  ExpectDifferent(linked, copied);
  EXPECT_EQ(linked.Find(file)->link_count, 2u);
  EXPECT_NE(linked.Describe().find("/b link to /a"), std::string::npos) << linked.Describe();
}

TEST(ImageTest, WhichNamesAreLinkedCounts) {
  const auto pair_up = [](std::string_view first, std::string_view second) {
    Image image;
    const InodeNumber one = AddFile(image, "a", "same");
    const InodeNumber two = AddFile(image, "b", "same");
    image.SetEntry(kRootInode, first, one);
    image.SetEntry(kRootInode, second, two);
    return image;
  };
  ExpectDifferent(pair_up("c", "d"), pair_up("d", "c"));
  ExpectSame(pair_up("c", "d"), pair_up("c", "d"));
}

TEST(ImageTest, ANameThatCannotBeReachedDoesNotCount) {
  Image plain;
  AddFile(plain, "a", "x");
  Image with_orphan = plain;
  const InodeNumber orphan = with_orphan.AddInode(FileType::kDirectory);
  with_orphan.SetEntry(orphan, "other", test::Resolve(with_orphan, "/a"));
  ExpectSame(plain, with_orphan);
}

TEST(ImageTest, EntriesKeepLinkCountsAndParents) {
  Image image;
  const InodeNumber directory = AddDirectory(image, "d");
  const InodeNumber other = AddDirectory(image, "e");
  const InodeNumber file = AddFile(image, "f", "1");
  const InodeNumber replaced = AddFile(image, "g", "2");
  image.SetEntry(kRootInode, "g", file);
  EXPECT_EQ(image.Find(replaced)->link_count, 0u);
  EXPECT_EQ(image.Find(file)->link_count, 2u);
  image.SetEntry(kRootInode, "g", file);  // once more: no change
  EXPECT_EQ(image.Find(file)->link_count, 2u);
  image.DropInode(replaced);
  EXPECT_EQ(image.Find(replaced), nullptr);
  EXPECT_EQ(image.next_inode(), replaced + 1);

  // A directory that two entries name for a while, as after half a rename.
  image.SetEntry(other, "d", directory);
  EXPECT_EQ(image.Find(directory)->parent, other);
  image.RemoveEntry(other, "d");
  EXPECT_EQ(image.Find(directory)->parent, kRootInode);
  image.RemoveEntry(kRootInode, "d");
  EXPECT_EQ(image.Find(directory)->parent, kNoInode);
  EXPECT_EQ(image.Find(directory)->link_count, 0u);
}

TEST(ImageTest, DirectoriesInACircleAreWalkedOnce) {
  Image image;
  const InodeNumber a = AddDirectory(image, "a");
  const InodeNumber b = AddDirectory(image, "b");
  image.SetEntry(a, "b", b);
  image.SetEntry(b, "a", a);
  EXPECT_EQ(image.Describe(), "/a directory\n/a/b directory\n/a/b/a link to /a\n/b link to /a/b\n");
  ExpectSame(image, Image(image));
}

TEST(ImageTest, DroppingADirectoryTakesItsEntries) {
  Image image;
  const InodeNumber directory = AddDirectory(image, "d");
  const InodeNumber file = AddFile(image, "f", "");
  image.SetEntry(directory, "g", file);
  image.RemoveEntry(kRootInode, "d");
  image.DropInode(directory);
  EXPECT_EQ(image.Find(file)->link_count, 1u);
}

// Writes, cuts and copies against a plain string.
TEST(ImageTest, RandomChangesMatchAString) {
  Random random(20);
  Image image;
  const InodeNumber file = AddFile(image, "f", "");
  std::string expected;
  std::vector<std::pair<Image, std::string>> copies;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t offset = random.Below(4 * kBlockBytes);
    if (random.OneIn(4)) {
      image.SetSize(file, offset);
      expected.resize(offset, '\0');
    } else {
      const size_t length = 1 + random.Below(random.OneIn(3) ? 2 * kBlockBytes : 40);
      const std::string data(length, random.OneIn(5) ? '\0' : static_cast<char>('a' + i % 26));
      image.Write(file, offset, Bytes(data));
      if (expected.size() < offset + length) expected.resize(offset + length, '\0');
      expected.replace(offset, length, data);
    }
    ASSERT_EQ(Content(image, file), expected) << i;
    Image fresh;
    AddFile(fresh, "f", expected);
    ASSERT_EQ(image.ContentHash(), fresh.ContentHash()) << i;
    ASSERT_TRUE(SameContent(image, fresh)) << i;
    if (random.OneIn(50)) copies.emplace_back(image, expected);
  }
  for (const auto& [copy, text] : copies) EXPECT_EQ(Content(copy, file), text);
}

TEST(ImageTest, HashesAreFixedForEver) {
  // Reports carry these: a change of the hash is a change of every finding's name.
  Image image;
  AddFile(image, "CURRENT", "segment-1\n");
  AddDirectory(image, "wal");
  EXPECT_EQ(HashBytes("").low, 0x6001c324468d497fu);
  EXPECT_EQ(image.Describe(), "/CURRENT file, 10 bytes, 4bd7dc11178a8539\n/wal directory\n");
}

}  // namespace
}  // namespace faultfs
