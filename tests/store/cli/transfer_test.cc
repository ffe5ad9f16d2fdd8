// export and import.
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "faultfs/env/random.h"
#include "store/cli/console.h"
#include "store/store.h"
#include "tests/store/cli/program.h"
#include "tests/store/store_world.h"

namespace kv::cli {
namespace {

class TransferTest : public ProgramTest {
 protected:
  static Dump DumpAt(const std::string& directory) {
    auto store = Store::Open(Options(), directory);
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return store.ok() ? DumpOf(**store) : Dump();
  }
  void Fill(const Dump& entries) const {
    auto store = Store::Open(Options(), db_);
    ASSERT_TRUE(store.ok());
    for (const auto& [key, value] : entries) {
      ASSERT_TRUE((*store)->Set(key, value, {.durability = Durability::kBuffered}).ok());
    }
  }
  static Dump RandomEntries(uint64_t seed) {
    faultfs::Random random(seed);
    Dump entries;
    for (int i = 0; i < 2500; ++i) {
      std::string words[2];
      for (std::string& word : words) {
        word.resize(random.OneIn(50) ? 5000 : random.Below(20));
        const uint64_t bound = random.OneIn(2) ? 256 : 127;
        for (char& byte : word) byte = static_cast<char>(random.Below(bound));
      }
      entries[words[0]] = words[1];
    }
    return entries;
  }
};

TEST_F(TransferTest, ExportThenImportIsTheIdentity) {
  const Dump entries = RandomEntries(3);
  Fill(entries);
  const std::vector<std::string> before = Snapshot(db_);
  ASSERT_EQ(KvStore({"export", db_, Path("file")}).exit_code, kExitDone);
  EXPECT_EQ(Snapshot(db_), before);
  const Ended imported = KvStore({"import", Path("copy"), Path("file")});
  EXPECT_EQ(imported.exit_code, kExitDone) << imported.err;
  EXPECT_EQ(imported.out, "imported " + std::to_string(entries.size()) + " entries\n");
  EXPECT_EQ(DumpAt(Path("copy")), entries);
  // Through pipes, and into a store that has some of them: the same bytes come out.
  const std::string text = ReadFile(Path("file"));
  EXPECT_EQ(KvStore({"export", db_}).out, text);
  ASSERT_EQ(KvStore({"import", Path("copy")}, text).exit_code, kExitDone);
  EXPECT_EQ(KvStore({"export", Path("copy"), "-"}).out, text);
}

TEST_F(TransferTest, ExportReplacesAFileAsAWhole) {
  Fill({{"k", "v"}});
  WriteFile(Path("file"), "something longer than the export will be, by far");
  ASSERT_EQ(KvStore({"export", db_, Path("file")}).exit_code, kExitDone);
  EXPECT_EQ(ReadFile(Path("file")), "{\"key\":\"k\",\"value\":\"v\"}\n");
  EXPECT_FALSE(std::filesystem::exists(Path("file.partial")));
  const Ended nowhere = KvStore({"export", db_, Path("no/file")});
  EXPECT_EQ(nowhere.exit_code, kExitNoStore);
  EXPECT_EQ(nowhere.err.substr(0, 19), "kv_store: NOT_FOUND");
}

TEST_F(TransferTest, ExportDoesNotReplaceADevice) {
  Fill({{"k", "v"}});
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  Running reader({"import", Path("copy"), Path("fifo")});
  EXPECT_EQ(KvStore({"export", db_, Path("fifo")}).exit_code, kExitDone);
  EXPECT_EQ(reader.Feed().out, "imported 1 entry\n");
  EXPECT_TRUE(std::filesystem::is_fifo(Path("fifo")));
  EXPECT_EQ(DumpAt(Path("copy")), (Dump{{"k", "v"}}));
}

TEST_F(TransferTest, ACorruptStoreIsNotExported) {
  Fill({{"k", "v"}, {"l", "w"}});
  std::string bytes = ReadFile(db_ + "/0000000001.wal");
  bytes[70] ^= 1;
  WriteFile(db_ + "/0000000001.wal", bytes);
  const Ended ended = KvStore({"export", db_, Path("file")});
  EXPECT_EQ(ended.exit_code, kExitNoStore);
  EXPECT_EQ(ended.err.substr(0, 20), "kv_store: CORRUPTION");
  EXPECT_FALSE(std::filesystem::exists(Path("file")));
}

TEST_F(TransferTest, ImportStopsAtTheFirstMistakeAndKeepsWhatWasBefore) {
  Fill({{"old", "1"}});
  WriteFile(Path("file"),
            "{\"key\":\"a\",\"value\":\"1\"}\n"
            "\n"
            "{\"key\":\"old\",\"value\":\"2\"}\r\n"
            "{\"key\":\"b\",\"value\":3}\n"
            "{\"key\":\"c\",\"value\":\"4\"}\n");
  const Ended ended = KvStore({"import", db_, Path("file")});
  EXPECT_EQ(ended.exit_code, kExitFailed);
  EXPECT_EQ(ended.err, "kv_store: " + Path("file") + ":4:20: a string must stand here\n");
  EXPECT_EQ(ended.out, "imported 2 entries\n");
  EXPECT_EQ(DumpAt(db_), (Dump{{"a", "1"}, {"old", "2"}}));
  EXPECT_EQ(KvStore({"import", db_}, "[]").err,
            "kv_store: standard input:1:1: an object must stand here\n");
}

TEST_F(TransferTest, ImportRefusesWhatTheStoreCannotHold) {
  const std::string line =
      "{\"key\":\"" + std::string(kMaxKeyBytes + 1, 'k') + "\",\"value\":\"\"}";
  const Ended ended = KvStore({"import", db_}, line);
  EXPECT_EQ(ended.exit_code, kExitFailed);
  EXPECT_EQ(ended.err, "kv_store: standard input:1:1: a key of 65537 bytes; the limit is 65536\n");
  EXPECT_EQ(DumpAt(db_), Dump());
}

TEST_F(TransferTest, ImportOfNothing) {
  const Ended missing = KvStore({"import", db_, Path("none")});
  EXPECT_EQ(missing.exit_code, kExitNoStore);
  EXPECT_EQ(missing.err, "kv_store: NOT_FOUND: cannot read: No such file or directory (file " +
                             Path("none") + ")\n");
  EXPECT_FALSE(std::filesystem::exists(db_)) << "no store is made for nothing";
  EXPECT_EQ(KvStore({"import", db_}).out, "imported 0 entries\n");
}

}  // namespace
}  // namespace kv::cli
