// The programs of the litmus tests. Each begins on a disk that is durable, and is as small as its
// property allows, so that all states can be looked at.

#include <memory>
#include <string>
#include <utility>

#include "faultfs/crash/litmus.h"
#include "faultfs/env/check.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"

namespace faultfs {
namespace {

constexpr uint64_t kBlock = 4096;
constexpr uint64_t kSector = 512;

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void Must(const Status& status) { FAULTFS_CHECK(status.ok(), "a call of a litmus test succeeds"); }

using Files = std::vector<std::pair<std::string, std::string>>;

Image Disk(const Files& files) {
  Image image;
  for (const auto& [name, content] : files) {
    const InodeNumber file = image.AddInode(FileType::kFile);
    image.SetEntry(kRootInode, name, file);
    image.Write(file, 0, Bytes(content));
  }
  return image;
}

/// Records the calls of a program.
class Script {
 public:
  explicit Script(const Files& files) : volume_(Disk(files)), fs_(volume_) {}

  Script& Write(std::string_view name, uint64_t offset_bytes, std::string_view data) {
    auto file = fs_.Open(name, {.write = true}, IoTag("open"));
    Must(file.status());
    Must(WriteFully(**file, offset_bytes, Bytes(data), IoTag("write")).status);
    return *this;
  }
  Script& Create(std::string_view name) {
    Must(fs_.Open(name, {.write = true, .create = true}, IoTag("create")).status());
    return *this;
  }
  Script& Rename(std::string_view from, std::string_view to) {
    Must(fs_.Rename(from, to, IoTag("rename")));
    return *this;
  }
  Script& Remove(std::string_view name) {
    Must(fs_.Remove(name, IoTag("remove")));
    return *this;
  }
  Script& Link(std::string_view from, std::string_view to) {
    Must(fs_.Link(from, to, IoTag("link")));
    return *this;
  }

  LitmusProgram Holds(std::string name, std::function<bool(const Image&)> holds) {
    return {std::move(name), volume_.base(), volume_.trace(), std::move(holds)};
  }

 private:
  Volume volume_;
  SimFileSystem fs_;
};

bool Exists(const Image& image, std::string_view name) {
  return image.Lookup(kRootInode, name) != kNoInode;
}

/// The bytes of a file; of none: nothing.
std::string Content(const Image& image, std::string_view name) {
  const InodeNumber file = image.Lookup(kRootInode, name);
  if (file == kNoInode) return "";
  std::string bytes(image.Find(file)->size_bytes, '\0');
  (void)image.Read(file, 0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return bytes;
}

// ---- One write

/// "f" holds `old`, and `data` is written at `offset_bytes`: it shows whole or not at all.
LitmusProgram Atomic(std::string name, const std::string& old, uint64_t offset_bytes,
                     const std::string& data) {
  std::string written = old;
  if (written.size() < offset_bytes + data.size()) written.resize(offset_bytes + data.size());
  written.replace(offset_bytes, data.size(), data);
  return Script({{"f", old}})
      .Write("f", offset_bytes, data)
      .Holds(std::move(name), [old, written](const Image& image) {
        const std::string content = Content(image, "f");
        return content == old || content == written;
      });
}

/// `data` is appended: what shows of it is its beginning.
LitmusProgram Prefix(std::string name, const std::string& old, const std::string& data) {
  return Script({{"f", old}})
      .Write("f", old.size(), data)
      .Holds(std::move(name), [old, data](const Image& image) {
        const std::string content = Content(image, "f");
        return content.size() >= old.size() && (old + data).starts_with(content);
      });
}

LitmusProperty SectorAppend() {
  return {.name = "512 B append atomic",
          .programs = {Atomic("in a new block", "", 0, std::string(kSector, 'A')),
                       Atomic("in the tail block", std::string(kSector, 'o'), kSector,
                              std::string(kSector, 'A'))},
          .seen = {"ext4-writeback"},
          .assumption = "A4",
          .exceptions = {{"ext4-ordered", "A21"}}};
}

LitmusProperty BlockOverwrite() {
  return {
      .name = "one-block overwrite atomic",
      .programs = {Atomic("of one block", std::string(kBlock, 'o'), 0, std::string(kBlock, 'N'))},
      .seen = {"ext4-writeback", "ext4-ordered", "xfs"},
      .assumption = "A1"};
}

LitmusProperty BlockAppend() {
  return {.name = "one-block append atomic",
          .programs = {Atomic("of a new block", std::string(kBlock, 'o'), kBlock,
                              std::string(kBlock, 'A'))},
          .seen = {"ext4-writeback"},
          .assumption = "A4"};
}

LitmusProperty BlocksWrite() {
  return {.name = "multi-block write atomic",
          .programs = {Atomic("an overwrite over a block border", std::string(2 * kBlock, 'o'),
                              kBlock - kSector, std::string(2 * kSector, 'N'))},
          .seen = {"ext4-writeback", "ext4-ordered", "ext4-journal", "btrfs", "xfs"},
          .assumption = "A1",
          .exceptions = {{"prefix", "A19"}}};
}

LitmusProperty BlocksAppend() {
  return {.name = "multi-block append is a prefix",
          .programs = {Prefix("of new blocks", std::string(kBlock, 'o'),
                              std::string(kBlock, 'A') + std::string(kSector, 'B')),
                       Prefix("from the tail block on", std::string(kBlock - kSector, 'o'),
                              std::string(kSector, 'A') + std::string(kSector, 'B'))},
          .seen = {"ext4-writeback"},
          .assumption = "A4",
          .exceptions = {{"ext4-ordered", "A21"}}};
}

// ---- One operation, and a later one

/// What comes later, and whether it shows.
struct Later {
  std::string name;
  std::function<void(Script&)> run;
  std::function<bool(const Image&)> shows;
};

/// On other files than "f" and "t": the disk has "h", one block long.
std::vector<Later> LaterOperations() {
  return {{"a file created", [](Script& script) { script.Create("g"); },
           [](const Image& image) { return Exists(image, "g"); }},
          {"another file overwritten",
           [](Script& script) { script.Write("h", 0, std::string(kSector, 'N')); },
           [](const Image& image) { return Content(image, "h").starts_with('N'); }},
          {"another file appended to",
           [](Script& script) { script.Write("h", kBlock, std::string(kSector, 'N')); },
           [](const Image& image) { return Content(image, "h").size() > kBlock; }}};
}

/// `first` runs, then each of the later operations: where the later one shows, `done` holds.
std::vector<LitmusProgram> BeforeLater(Files files, const std::function<void(Script&)>& first,
                                       const std::function<bool(const Image&)>& done) {
  files.emplace_back("h", std::string(kBlock, 'h'));
  std::vector<LitmusProgram> programs;
  for (const Later& later : LaterOperations()) {
    Script script(files);
    first(script);
    later.run(script);
    programs.push_back(script.Holds(
        "then " + later.name,
        [done, shows = later.shows](const Image& image) { return !shows(image) || done(image); }));
  }
  return programs;
}

LitmusProperty OverwriteBeforeLater() {
  return {.name = "overwrite before any later operation",
          .programs = BeforeLater(
              {{"f", std::string(kBlock, 'o')}},
              [](Script& script) { script.Write("f", 0, std::string(kSector, 'N')); },
              [](const Image& image) {
                return Content(image, "f").starts_with(std::string(kSector, 'N'));
              }),
          .seen = {"ext4-writeback", "ext4-ordered", "xfs"},
          .assumption = "A1",
          .exceptions = {{"btrfs", "A24"}}};
}

LitmusProperty AppendRenameBeforeLater() {
  return {
      .name = "[append, rename] before any later operation",
      .programs = BeforeLater(
          {{"f", "old"}, {"t", ""}},
          [](Script& script) { script.Write("t", 0, "new").Rename("t", "f"); },
          [](const Image& image) { return Content(image, "f") == "new" && !Exists(image, "t"); }),
      .seen = {"ext4-writeback"},
      .assumption = "A8",
      .exceptions = {{"btrfs", "A24"}}};
}

LitmusProperty AppendBeforeAppend() {
  const auto program = [](std::string name, const std::string& old) {
    const std::string first(kSector, 'A');
    const std::string second(kSector, 'B');
    return Script({{"f", old}})
        .Write("f", old.size(), first)
        .Write("f", old.size() + kSector, second)
        .Holds(std::move(name), [old, first, second](const Image& image) {
          const std::string content = Content(image, "f");
          return !content.ends_with(second) || content == old + first + second;
        });
  };
  return {.name = "append before a later append, same file",
          .programs = {program("in a new block", ""),
                       program("in the tail block", std::string(kSector, 'o'))},
          .seen = {"ext4-writeback"},
          .assumption = "A4",
          .exceptions = {{"ext4-ordered", "A21"}}};
}

LitmusProperty AppendBeforeLater() {
  return {.name = "append before any later operation",
          .programs = BeforeLater(
              {{"f", std::string(kBlock, 'o')}},
              [](Script& script) { script.Write("f", kBlock, std::string(kSector, 'A')); },
              [](const Image& image) {
                return Content(image, "f").substr(kBlock) == std::string(kSector, 'A');
              }),
          .seen = {"ext4-writeback", "ext4-ordered", "btrfs", "xfs"},
          .assumption = "A4"};
}

LitmusProperty DirectoryOrder() {
  const Files files = {{"a", "1"}, {"b", "2"}};
  return {.name = "directory operation before any later one",
          .programs = {Script(files).Create("c").Create("d").Holds(
                           "two files created",
                           [](const Image& i) { return !Exists(i, "d") || Exists(i, "c"); }),
                       Script(files).Remove("a").Rename("b", "c").Holds(
                           "one file removed, one renamed",
                           [](const Image& i) { return !Exists(i, "c") || !Exists(i, "a"); }),
                       Script(files).Rename("a", "c").Remove("b").Holds(
                           "one file renamed, one removed",
                           [](const Image& i) { return Exists(i, "b") || Exists(i, "c"); }),
                       Script(files).Link("a", "c").Remove("b").Holds(
                           "one file linked, one removed",
                           [](const Image& i) { return Exists(i, "b") || Exists(i, "c"); })},
          .seen = {"btrfs"},
          .assumption = "A7"};
}

}  // namespace

std::vector<LitmusProperty> LitmusProperties() {
  return {SectorAppend(),
          BlockOverwrite(),
          BlockAppend(),
          BlocksWrite(),
          BlocksAppend(),
          OverwriteBeforeLater(),
          AppendRenameBeforeLater(),
          AppendBeforeAppend(),
          AppendBeforeLater(),
          DirectoryOrder()};
}

}  // namespace faultfs
