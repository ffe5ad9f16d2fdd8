// StoreWorld: a store on a simulated machine, and the words that tests of it are written in: open,
// put, kill the process, damage a file, see what is recovered.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/io_hook.h"
#include "faultfs/env/random.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "store/store.h"

namespace kv {

/// Salts that follow from a seed.
class SeededEntropy final : public faultfs::Entropy {
 public:
  explicit SeededEntropy(uint64_t seed) : random_(seed) {}
  [[nodiscard]] uint64_t Next() override { return random_.Next(); }

 private:
  faultfs::Random random_;
};

/// Keys and values in order.
using Dump = std::map<std::string, std::string>;

/// Everything in the store, and a failed expectation if ForEach is out of order.
[[nodiscard]] Dump DumpOf(const Store& store);

class StoreWorld {
 public:
  static constexpr std::string_view kDirectory = "db";

  explicit StoreWorld(uint64_t seed = 1, const faultfs::Image& base = faultfs::Image());
  ~StoreWorld();

  Options options;                  // file_system and entropy are filled in
  faultfs::IoHook* hook = nullptr;  // of processes started from now on

  /// Starts a process and opens the store in it. A process that still runs is killed first.
  [[nodiscard]] faultfs::Status Open();
  /// Open, then everything in the store; Open's error otherwise.
  [[nodiscard]] faultfs::Result<Dump> Recovered();
  /// The process dies: nothing is flushed, files stay as they are.
  void Kill();

  [[nodiscard]] Store& store();
  [[nodiscard]] const faultfs::Volume& volume() const { return volume_; }

  // Each expects Ok.
  void MustOpen();
  void Put(std::string_view key, std::string_view value);
  void PutBuffered(std::string_view key, std::string_view value);
  void Close();

  // The files of the store, by their names in its directory.
  [[nodiscard]] std::vector<std::string> Files();
  [[nodiscard]] bool HasFile(std::string_view name);
  [[nodiscard]] std::string Bytes(std::string_view name);
  void SetBytes(std::string_view name, std::string_view bytes);
  void Append(std::string_view name, std::string_view bytes);
  void CutTail(std::string_view name, uint64_t bytes);
  void Resize(std::string_view name, uint64_t size_bytes);
  void FlipByte(std::string_view name, uint64_t offset_bytes, uint8_t mask = 0xff);
  void ZeroRange(std::string_view name, uint64_t begin_bytes, uint64_t end_bytes);
  void RemoveFile(std::string_view name);

  /// Of all files and names.
  [[nodiscard]] faultfs::Hash128 ContentHash() const { return volume_.live().ContentHash(); }

 private:
  faultfs::Volume volume_;
  faultfs::SimFileSystem tools_;  // a process of its own: what edits files from outside
  SeededEntropy entropy_;
  std::unique_ptr<faultfs::SimFileSystem> process_;
  std::unique_ptr<Store> store_;
};

}  // namespace kv
