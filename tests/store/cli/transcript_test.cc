// kv_store driven through pipes: every answer, every error, every exit code.
#include <signal.h>

#include "store/cli/console.h"
#include "store/store.h"
#include "tests/store/cli/program.h"

namespace kv::cli {
namespace {

class TranscriptTest : public ProgramTest {
 protected:
  /// Feeds commands without the summary.
  [[nodiscard]] Ended Feed(std::string_view input, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {db_, "--quiet"});
    return KvStore(options, input);
  }
};

TEST_F(TranscriptTest, AnswersGoToTheOutputAndNothingElse) {
  const Ended ended = Feed(
      "SET a 1\nget a\nGET b\nSet \"k 1\" \"v\\n\\\"\\x41\"\nGET \"k 1\"\nkeys\nEXISTS a\nEXISTS "
      "z\n"
      "DEL a\nDELETE a\nSIZE\n\n  \nCOUNT\nCLEAR\nSIZE\nFLUSH\nVERSION\n");
  EXPECT_EQ(ended.out,
            "OK\n1\n(nil)\nOK\nv\n\"A\na\nk 1\n1\n0\n1\n0\n1\n1\nOK\n0\nOK\n"
            "kv_store 0.1.0 (file format 1)\n");
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(ended.exit_code, kExitDone);
}

TEST_F(TranscriptTest, ErrorsNameTheirLineAndTheRestGoesOn) {
  const Ended ended = Feed("SET a 1\nGTE a\n\nSET x\nSET x \"y\nGET a\n");
  EXPECT_EQ(ended.out, "OK\n1\n");
  EXPECT_EQ(ended.err,
            "kv_store: line 2: no command GTE; did you mean GET?\n"
            "kv_store: line 4: SET takes KEY VALUE\n"
            "kv_store: line 5: the quote at column 7 is not closed\n");
  EXPECT_EQ(ended.exit_code, kExitFailed);
}

TEST_F(TranscriptTest, ALimitOfTheStoreIsAnErrorOfTheCommand) {
  const Ended ended = Feed("SET " + std::string(kMaxKeyBytes + 1, 'k') + " v\nSIZE\n");
  EXPECT_EQ(ended.out, "0\n");
  EXPECT_EQ(ended.err, "kv_store: line 1: TOO_LARGE: a key of 65537 bytes; the limit is 65536\n");
  EXPECT_EQ(ended.exit_code, kExitFailed);
}

TEST_F(TranscriptTest, RawAndEscaped) {
  ASSERT_EQ(Feed(R"(SET "a b" "\x00\\\n")").exit_code, kExitDone);
  ASSERT_EQ(Feed("SET n (nil)").exit_code, kExitDone);
  constexpr const char* kAsk = "GET \"a b\"\nGET n\nGET none\nKEYS\nKEYS n\n";
  EXPECT_EQ(Feed(kAsk).out, std::string("\0\\\n\n(nil)\n(nil)\na b\nn\nn\n", 24));
  EXPECT_EQ(Feed(kAsk, {"--show", "escaped"}).out,
            "\\x00\\\\\\n\n\\x28nil)\n(nil)\n\"a b\"\nn\nn\n");
}

TEST_F(TranscriptTest, ALineWithoutANewlineIsALine) {
  EXPECT_EQ(Feed("SET a 1\nGET a").out, "OK\n1\n");
}

TEST_F(TranscriptTest, ExitEndsAndKeepsEverything) {
  EXPECT_EQ(Feed("SET a 1\nexit\nSET a 2\n").out, "OK\n");
  EXPECT_EQ(Feed("GET a\nquit\n", {"--durability", "buffered"}).out, "1\n");
  EXPECT_NE(Feed("INFO\nquit\n", {"--durability", "group"}).out.find("\ndurability: group\n"),
            std::string::npos);
}

TEST_F(TranscriptTest, TheSummarySaysWhatWasRecovered) {
  EXPECT_EQ(KvStore({db_}, "SET a 1\nSET b 2\nSNAPSHOT\nSET c 3\n").err,
            "kv_store: 0 snapshot entries loaded, 0 operations replayed, 0 bytes cut\n");
  const Ended again = KvStore({db_}, "SIZE\n");
  EXPECT_EQ(again.err, "kv_store: 2 snapshot entries loaded, 1 operation replayed, 0 bytes cut\n");
  EXPECT_EQ(again.out, "3\n");
}

TEST_F(TranscriptTest, SnapshotCompactAndClearPersistence) {
  EXPECT_EQ(Feed("SET a 1\nSET b 2\nCOMPACT\nDEL a\nSnapshot\nINFO\n").out,
            "OK\nOK\nOK\n1\nOK\ndirectory: " + db_ +
                "\ndurability: sync\nkeys: 1\nlast sequence: 3\n"
                "snapshot: up to sequence 3 (2 made since the start)\nfiles: 5\n"
                "bytes on disk: 587\n"
                "last recovery: 0 snapshot entries loaded, 0 operations replayed, 0 bytes cut\n");
  EXPECT_EQ(Feed("KEYS\nCLEAR PERSISTENCE\nSIZE\nSET c 3\n").out, "b\nOK\n0\nOK\n");
  EXPECT_EQ(Feed("KEYS\n").out, "c\n");
}

TEST_F(TranscriptTest, CheckpointsKeepTheDiskBounded) {
  std::string input;
  for (int i = 0; i < 4000; ++i) {
    input += "SET key" + std::to_string(i % 10) + " value" + std::to_string(i) + "\n";
  }
  const Ended ended = Feed(input, {"--durability", "buffered", "--segment-bytes", "20000",
                                   "--checkpoint-bytes", "50000"});
  EXPECT_EQ(ended.exit_code, kExitDone) << ended.err;
  size_t bytes = 0;
  for (const std::string& file : Snapshot(db_)) bytes += file.size();
  EXPECT_LT(bytes, 200'000U) << "of some 350 KB that were written";
  EXPECT_EQ(Feed("GET key9\n").out, "value3999\n");
}

TEST_F(TranscriptTest, HelpNamesEveryCommand) {
  const std::string help = Feed("HELP\n").out;
  for (const char* name : {"SET KEY VALUE", "GET KEY", "DEL, DELETE KEY", "SNAPSHOT", "COMPACT",
                           "CLEAR PERSISTENCE", "INFO, STATUS", "VERSION", "EXIT, QUIT"}) {
    EXPECT_NE(help.find(name), help.npos) << name;
  }
}

TEST_F(TranscriptTest, WrongUseIsOneLine) {
  const auto wrong = [](const std::vector<std::string>& arguments) {
    const Ended ended = KvStore(arguments);
    EXPECT_EQ(ended.exit_code, kExitWrongUse);
    EXPECT_EQ(ended.out, "");
    return ended.err;
  };
  EXPECT_EQ(wrong({}), "kv_store: no DIR; see --help\n");
  EXPECT_EQ(wrong({"--bad"}), "kv_store: The following argument was not expected: --bad\n");
  EXPECT_EQ(wrong({db_, "--durability", "x"}),
            "kv_store: --durability: x not in {buffered,sync,group}\n");
  EXPECT_EQ(wrong({db_, "--segment-bytes", "0"}).substr(0, 26), "kv_store: --segment-bytes:");
  EXPECT_EQ(wrong({"--quiet", "check", db_}), "kv_store: check takes no --quiet before it\n");
  EXPECT_EQ(wrong({"check"}), "kv_store: DIR is required\n");
  EXPECT_EQ(KvStore({"--version"}).out, "kv_store 0.1.0 (file format 1)\n");
}

TEST_F(TranscriptTest, AStoreThatCannotBeOpened) {
  const Ended missing = KvStore({Path("no/parent")});
  EXPECT_EQ(missing.exit_code, kExitNoStore);
  EXPECT_EQ(missing.err, "kv_store: NOT_FOUND: mkdir: No such file or directory (file " +
                             Path("no/parent") + ")\n");
  const auto open = Store::Open(Options(), db_);
  ASSERT_TRUE(open.ok());
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{db_}, {"check", db_}, {"inspect", db_}, {"export", db_}}) {
    const Ended locked = KvStore(arguments);
    EXPECT_EQ(locked.exit_code, kExitNoStore);
    EXPECT_EQ(locked.err.substr(0, 35), "kv_store: LOCKED: the store is open") << locked.err;
  }
}

TEST_F(TranscriptTest, AReaderWhoLeavesEndsItQuietly) {
  Running program({db_, "--quiet", "--durability", "buffered"});
  ASSERT_GT(program.Offer("SET a 1\n"), 0);
  EXPECT_EQ(program.NextLine(), "OK");
  program.CloseOutput();
  std::string more;
  for (int i = 0; i < 1000; ++i) more += "SET b " + std::to_string(i) + "\n";
  const Ended ended = program.Feed(more);
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(ended.exit_code, kExitFailed);
  EXPECT_EQ(Feed("GET a\n").out, "1\n");
}

TEST_F(TranscriptTest, AFullDiskBehindTheOutputIsSaid) {
  ASSERT_EQ(Feed("SET a 1").exit_code, kExitDone);
  const Ended ended = KvStore({"export", db_, "/dev/full"});
  EXPECT_EQ(ended.exit_code, kExitNoStore);
  EXPECT_EQ(ended.err, "kv_store: IO_ERROR: cannot write the export (file /dev/full)\n");
}

TEST_F(TranscriptTest, ASignalEndsItBetweenTwoCommandsAndClosesTheStore) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Running program({db_, "--quiet", "--durability", "buffered"});
    const std::string key = "key" + std::to_string(signal);
    ASSERT_GT(program.Offer("SET " + key + " 1\nSET half"), 0);
    EXPECT_EQ(program.NextLine(), "OK");
    program.Signal(signal);
    EXPECT_EQ(program.NextLine(), "") << "the end";
    const Ended ended = program.Feed();
    EXPECT_EQ(ended.exit_code, 128 + signal);
    EXPECT_EQ(ended.err, "");
    // Closed: the marker behind the last sync says that everything is durable.
    EXPECT_EQ(KvStore({"check", db_}).out.find("unproven"), std::string::npos);
    EXPECT_EQ(Feed("GET " + key + "\n").out, "1\n");
  }
}

}  // namespace
}  // namespace kv::cli
