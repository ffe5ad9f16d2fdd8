#include "faultfs/env/file_system.h"

namespace faultfs {

Result<size_t> ReadFully(File& file, uint64_t offset_bytes, std::span<std::byte> out) {
  size_t done = 0;
  while (done < out.size()) {
    FAULTFS_ASSIGN_OR_RETURN(const size_t got, file.ReadAt(offset_bytes + done, out.subspan(done)));
    FAULTFS_CHECK(got <= out.size() - done, "ReadAt must not claim more than it was asked for");
    if (got == 0) break;
    done += got;
  }
  return done;
}

WriteOutcome WriteFully(File& file, uint64_t offset_bytes, std::span<const std::byte> data,
                        IoTag tag) {
  WriteOutcome outcome;
  while (outcome.written_bytes < data.size()) {
    const Result<size_t> wrote = file.WriteAt(offset_bytes + outcome.written_bytes,
                                              data.subspan(outcome.written_bytes), tag);
    if (!wrote.ok()) {
      outcome.status = wrote.status();
      return outcome;
    }
    FAULTFS_CHECK(*wrote >= 1 && *wrote <= data.size() - outcome.written_bytes,
                  "WriteAt of data must move forward and must not claim more than it was given");
    outcome.written_bytes += *wrote;
  }
  return outcome;
}

}  // namespace faultfs
