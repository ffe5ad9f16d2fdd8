#include "store/cli/console.h"

#include "store/cli/text.h"

namespace kv::cli {

std::string ErrorLine(const faultfs::Status& status) {
  // Names and messages may hold any byte; a line is a line.
  return Escaped(status.ToString());
}

int Fail(const Console& console, const faultfs::Status& status, int exit_code) {
  console.err << "kv_store: " << ErrorLine(status) << std::endl;
  return exit_code;
}

}  // namespace kv::cli
