#include "faultfs/sim/trace.h"

#include <gtest/gtest.h>

#include <set>

#include "faultfs/sim/sim_file_system.h"
#include "tests/faultfs/sim/machine.h"

namespace faultfs {
namespace {

using test::Bytes;
using test::MustOpen;
using test::MustWrite;

// Every kind of step once; the text is what golden tests and people read.
TEST(TraceTest, DescribeNamesEachStep) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  volume.Mark(7);
  ASSERT_TRUE(fs.CreateDir("/db", IoTag("db.create")).ok());
  {
    const auto file = MustOpen(fs, "/db/LOG", test::kCreate, IoTag("wal.create"));
    MustWrite(*file, 0, std::string(64, 'x'), IoTag("wal.append"));
    ASSERT_TRUE(file->Allocate(0, 4096, true, IoTag("wal.reserve")).ok());
    ASSERT_TRUE(file->Allocate(0, 128, false, IoTag("wal.reserve")).ok());
    ASSERT_TRUE(file->StartWriteback(0, 0, IoTag("wal.flush")).ok());
    ASSERT_TRUE(file->StartWriteback(64, 64, IoTag("wal.flush")).ok());
    ASSERT_TRUE(file->Sync(SyncKind::kData, IoTag("wal.sync")).ok());
    ASSERT_TRUE(file->Truncate(60, IoTag("wal.cut")).ok());
  }
  const auto dsync = MustOpen(fs, "/db/LOG", {.write = true, .dsync = true});
  MustWrite(*dsync, 60, "abcd", IoTag("wal.append"));
  ASSERT_TRUE(fs.Link("/db/LOG", "/db/a \"name\"\n\xff", IoTag("wal.keep")).ok());
  ASSERT_TRUE(fs.CreateDir("/old", IoTag("db.create")).ok());
  ASSERT_TRUE(fs.Rename("/db/LOG", "/old/LOG.1", IoTag("wal.archive")).ok());
  ASSERT_TRUE(fs.Rename("/old", "/db/old", IoTag("db.move")).ok());
  ASSERT_TRUE(fs.SyncDir("/db", IoTag("db.sync")).ok());
  MustOpen(fs, "/new", test::kCreate, IoTag("new.create"));
  ASSERT_TRUE(fs.Rename("/new", "/db/old/LOG.1", IoTag("new.publish")).ok());
  ASSERT_TRUE(fs.Remove("/db/old/LOG.1", IoTag("gc.remove")).ok());
  ASSERT_TRUE(fs.RemoveDir("/db/old", IoTag("gc.remove-dir")).ok());

  EXPECT_EQ(Describe(volume.trace()),
            R"(0 - mark 7
1 db.create create-dir inode 2: "db" in 1
2 wal.create create inode 3: "LOG" in 2
3 wal.append write inode 3 [0, 64)
4 wal.reserve allocate inode 3 [0, 4096) keeping the size
5 wal.reserve allocate inode 3 [0, 128)
6 wal.flush writeback inode 3 [0, end)
7 wal.flush writeback inode 3 [64, 128)
8 wal.sync sync-begin 1 of inode 3 data
9 wal.sync sync-end 1 of inode 3 data ok
10 wal.cut truncate inode 3 to 60
11 wal.append write inode 3 [60, 64)
12 wal.append sync-begin 2 of inode 3 data [60, 64)
13 wal.append sync-end 2 of inode 3 data [60, 64) ok
14 wal.keep link inode 3: "a \"name\"\x0a\xff" in 2
15 db.create create-dir inode 4: "old" in 1
16 wal.archive rename inode 3: "LOG" in 2 to "LOG.1" in 4
17 db.move rename inode 4: "old" in 1 to "old" in 2
18 db.sync sync-begin 3 of inode 2
19 db.sync sync-end 3 of inode 2 ok
20 new.create create inode 5: "new" in 1
21 new.publish rename inode 5: "new" in 1 to "LOG.1" in 4, replacing inode 3
22 gc.remove unlink inode 5: "LOG.1" in 4
23 gc.remove-dir remove-dir inode 4: "old" in 2
)");
}

TEST(TraceTest, LiveImageShowsEachPrefix) {
  Image base;
  test::AddFile(base, "f", "0");
  Volume volume(base);
  SimFileSystem fs(volume);
  const auto file = MustOpen(fs, "/f", test::kWrite);
  for (const char* digit : {"1", "2", "3"}) MustWrite(*file, 0, digit);
  for (size_t steps = 0; steps <= 3; ++steps) {
    const Image image = LiveImage(base, volume.trace(), steps);
    EXPECT_EQ(test::Content(image, test::Resolve(image, "/f")), std::to_string(steps));
  }
}

TEST(TraceTest, KindNamesAreDistinct) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(TraceKind::kMark); ++kind) {
    names.insert(TraceKindName(static_cast<TraceKind>(kind)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(TraceKind::kMark) + 1);
}

}  // namespace
}  // namespace faultfs
