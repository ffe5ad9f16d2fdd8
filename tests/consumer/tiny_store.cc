#include "tiny_store.h"

#include <span>

using faultfs::Code;
using faultfs::IoTag;
using faultfs::Status;

// The file: for each entry "KEYLENGTH VALUELENGTH\n", key, value.
Status TinyStore::Load() {
  const Status made = fs.CreateDir(directory, IoTag("tiny.dir"));
  if (!made.ok() && !made.Is(Code::kAlreadyExists)) return made;
  FAULTFS_RETURN_IF_ERROR(
      fs.SyncDir("/", IoTag("tiny.sync-parent")));  // maybe a dead process made it
  auto file = fs.Open(directory + "/data", {}, IoTag("tiny.open"));
  if (file.status().Is(Code::kNotFound)) return Status();
  if (!file.ok()) return file.status();
  FAULTFS_ASSIGN_OR_RETURN(const uint64_t size_bytes, (*file)->Size());
  std::string text(size_bytes, '\0');
  FAULTFS_RETURN_IF_ERROR(
      faultfs::ReadFully(**file, 0, std::as_writable_bytes(std::span(text))).status());
  for (size_t at = 0; at < text.size();) {
    size_t used = 0;
    const size_t key_bytes = std::stoul(text.substr(at), &used);
    at += used;
    const size_t value_bytes = std::stoul(text.substr(at), &used);
    at += used + 1;
    map[text.substr(at, key_bytes)] = text.substr(at + key_bytes, value_bytes);
    at += key_bytes + value_bytes;
  }
  return Status();
}

Status TinyStore::Save() {
  std::string text;
  for (const auto& [key, value] : map) {
    text += std::to_string(key.size()) + " " + std::to_string(value.size()) + "\n" + key + value;
  }
  const std::string path = directory + "/data";
  FAULTFS_ASSIGN_OR_RETURN(
      auto file, fs.Open(path + ".new", {.write = true, .create = true}, IoTag("tiny.create")));
  FAULTFS_RETURN_IF_ERROR(file->Truncate(0, IoTag("tiny.truncate")));
  const auto bytes = std::as_bytes(std::span(text));
  FAULTFS_RETURN_IF_ERROR(faultfs::WriteFully(*file, 0, bytes, IoTag("tiny.write")).status);
  FAULTFS_RETURN_IF_ERROR(file->Sync(faultfs::SyncKind::kFull, IoTag("tiny.sync")));
  FAULTFS_RETURN_IF_ERROR(fs.Rename(path + ".new", path, IoTag("tiny.rename")));
  return sync_directory ? fs.SyncDir(directory, IoTag("tiny.sync-dir")) : Status();
}
