// How a worker process ended, in words that are the same in every run of the same case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crashlab {

/// Of a status of waitpid(2): "died of signal SIGABRT", "ended itself with exit code 3".
[[nodiscard]] std::string DescribeEnd(int wait_status);

/// What a person wants to see of what a dying process printed: from a sanitizer's report or a
/// failed check on, otherwise the last lines. Process ids and addresses, which differ from run to
/// run, are blanked; bytes that are no printable text are escaped.
[[nodiscard]] std::vector<std::string> LastWords(std::string_view output);

}  // namespace crashlab
