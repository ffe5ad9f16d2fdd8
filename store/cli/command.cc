#include "store/cli/command.h"

#include <algorithm>
#include <utility>

#include "faultfs/env/nearest_name.h"
#include "store/cli/text.h"

namespace kv::cli {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

constexpr VerbRow kVerbs[] = {
    {Verb::kSet, "SET", "", "KEY VALUE", 2, 2, "store a value"},
    {Verb::kGet, "GET", "", "KEY", 1, 1, "show a value; (nil) if there is none"},
    {Verb::kDelete, "DEL", "DELETE", "KEY", 1, 1, "remove a key: 1; 0 if there was none"},
    {Verb::kExists, "EXISTS", "", "KEY", 1, 1, "1 if there is such a key, else 0"},
    {Verb::kKeys, "KEYS", "LIST", "[PREFIX]", 0, 1, "every key, in the order of the bytes"},
    {Verb::kSize, "SIZE", "COUNT", "", 0, 0, "how many keys there are"},
    {Verb::kClear, "CLEAR", "", "", 0, 0, "remove every key"},
    {Verb::kFlush, "FLUSH", "", "", 0, 0, "make everything so far survive power loss"},
    {Verb::kSnapshot, "SNAPSHOT", "", "", 0, 0, "write all keys to one file; the log stays"},
    {Verb::kCompact, "COMPACT", "", "", 0, 0, "SNAPSHOT, then remove the log it covers"},
    {Verb::kClearPersistence, "CLEAR PERSISTENCE", "", "", 0, 0,
     "remove every key and the files that held them, in one step"},
    {Verb::kInfo, "INFO", "STATUS", "", 0, 0, "the store, its files, its last recovery"},
    {Verb::kVersion, "VERSION", "", "", 0, 0, "of this program and of the files' format"},
    {Verb::kHelp, "HELP", "", "", 0, 0, "this list"},
    {Verb::kExit, "EXIT", "QUIT", "", 0, 0, "close the store and leave"},
};

Status Wrong(std::string message) {
  return Status::Error(Code::kInvalidArgument, std::move(message));
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Reads a line word by word.
class Words {
 public:
  explicit Words(std::string_view line) : line_(line) {}

  /// False at the end of the line.
  bool SkipToWord() {
    while (at_ < line_.size() && IsBlank(line_[at_])) ++at_;
    return at_ < line_.size();
  }

  Result<std::string> Next() {
    if (line_[at_] == '"') return NextQuoted();
    const size_t begin = at_;
    while (at_ < line_.size() && !IsBlank(line_[at_])) ++at_;
    return std::string(line_.substr(begin, at_ - begin));
  }

 private:
  Result<std::string> NextQuoted() {
    const size_t begin = at_++;
    std::string word;
    while (at_ < line_.size() && line_[at_] != '"') {
      if (line_[at_] != '\\') {
        word += line_[at_++];
        continue;
      }
      FAULTFS_ASSIGN_OR_RETURN(const char byte, NextEscape());
      word += byte;
    }
    if (at_ == line_.size()) {
      return Wrong("the quote at column " + std::to_string(begin + 1) + " is not closed");
    }
    ++at_;
    if (at_ < line_.size() && !IsBlank(line_[at_])) {
      return Wrong("column " + std::to_string(at_ + 1) +
                   ": a blank must follow a closing quote; a quote inside is written \\\"");
    }
    return word;
  }

  /// The byte that the escape at the current place stands for.
  Result<char> NextEscape() {
    const size_t begin = at_;
    const char kind = at_ + 1 < line_.size() ? line_[at_ + 1] : '\0';
    at_ += 2;
    switch (kind) {
      case '"':
      case '\\':
        return kind;
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case '0':
        return '\0';
      case 'x':
        if (at_ + 1 < line_.size()) {
          const int high = HexValue(line_[at_]);
          const int low = HexValue(line_[at_ + 1]);
          at_ += 2;
          if (high >= 0 && low >= 0) return static_cast<char>(high * 16 + low);
        }
        break;
      default:
        break;
    }
    return Wrong("column " + std::to_string(begin + 1) +
                 ": no such escape; there are \\\" \\\\ \\n \\r \\t \\0 \\xHH");
  }

  std::string_view line_;
  size_t at_ = 0;
};

bool HasOtherName(const VerbRow& row, std::string_view name) {
  std::string_view rest = row.other_names;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == name) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

const VerbRow* FindVerb(std::string_view name) {
  const auto* row = std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const VerbRow& each) {
    return each.name == name || HasOtherName(each, name);
  });
  return row == std::end(kVerbs) ? nullptr : row;
}

Status UnknownVerb(std::string_view name) {
  constexpr size_t kShownBytes = 40;
  name = name.substr(0, kShownBytes);
  const std::string upper = Upper(name);
  std::vector<std::string_view> names;
  for (const VerbRow& row : kVerbs) {
    names.push_back(row.name);
    if (!row.other_names.empty()) names.push_back(row.other_names);
  }
  const std::string_view nearest = faultfs::NearestName(upper, names);
  std::string message = "no command " + Quoted(name);
  if (faultfs::EditDistance(upper, nearest) <= 2) {
    message.append("; did you mean ").append(nearest).append("?");
  } else {
    message.append("; HELP lists them");
  }
  return Wrong(std::move(message));
}

Status WrongArguments(const VerbRow& row, size_t given) {
  std::string message(row.name);
  message.append(" takes ").append(row.arguments.empty() ? "no argument" : row.arguments);
  if (given > row.max_arguments && row.max_arguments > 0) {
    message.append("; an argument with blanks needs quotes");
  }
  return Wrong(std::move(message));
}

}  // namespace

std::span<const VerbRow> Verbs() { return kVerbs; }

Result<std::optional<Command>> ParseCommand(std::string_view line) {
  Words words(line);
  if (!words.SkipToWord()) return std::optional<Command>();
  FAULTFS_ASSIGN_OR_RETURN(const std::string name, words.Next());
  const VerbRow* row = FindVerb(Upper(name));
  if (row == nullptr) return UnknownVerb(name);
  Command command{.verb = row->verb, .arguments = {}};
  while (words.SkipToWord()) {
    FAULTFS_ASSIGN_OR_RETURN(std::string word, words.Next());
    command.arguments.push_back(std::move(word));
  }
  if (row->verb == Verb::kClear && command.arguments.size() == 1 &&
      Upper(command.arguments[0]) == "PERSISTENCE") {
    return std::optional(Command{.verb = Verb::kClearPersistence, .arguments = {}});
  }
  const size_t given = command.arguments.size();
  if (given < row->min_arguments || given > row->max_arguments) return WrongArguments(*row, given);
  return std::optional(std::move(command));
}

}  // namespace kv::cli
