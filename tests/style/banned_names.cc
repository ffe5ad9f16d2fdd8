// Names that must not be written, where, and what to write instead.
#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "tests/style/lexer.h"
#include "tests/style/rules.h"

namespace crashlab::style {
namespace {

enum class Where { kStore, kProduct, kProductButEnv };
enum class How {
  kWords,       // the words of `name` one after the other; `*` at the start of the last: any prefix
  kCall,        // a call of a free function: `name(` or `std::name(`
  kExpression,  // `new`, `delete`
};

struct Ban {
  Where where;
  How how;
  std::string_view name;
  std::string_view instead;
  std::string_view excuse = {};  // a comment with these words and a reason lifts the ban
};

constexpr std::string_view kOrder = "order never escapes:";
constexpr std::string_view kSeam = "use faultfs/env/thread.h: a simulated schedule hides behind it";
constexpr std::string_view kClock = "use faultfs/env/clock.h: no decision depends on a real clock";
constexpr std::string_view kRandom = "use faultfs/env/random.h: every draw follows from the seed";
constexpr std::string_view kOrdered =
    "use an ordered or a sorted container, or say why in a comment `order never escapes: …`";
constexpr std::string_view kOwner = "use a value, std::make_unique, or a unique_ptr around `new`";
constexpr std::string_view kReturn = "return a Status: only main ends the process";

constexpr Ban kBans[] = {
    {Where::kStore, How::kWords, "std :: mutex", kSeam},
    {Where::kStore, How::kWords, "std :: *_mutex", kSeam},
    {Where::kStore, How::kWords, "std :: thread", kSeam},
    {Where::kStore, How::kWords, "std :: jthread", kSeam},
    {Where::kStore, How::kWords, "std :: this_thread", kSeam},
    {Where::kStore, How::kWords, "std :: condition_variable", kSeam},
    {Where::kStore, How::kWords, "std :: condition_variable_any", kSeam},
    {Where::kStore, How::kWords, "std :: *_semaphore", kSeam},
    {Where::kStore, How::kWords, "std :: barrier", kSeam},
    {Where::kStore, How::kWords, "std :: latch", kSeam},
    {Where::kStore, How::kWords, "std :: async", kSeam},
    {Where::kStore, How::kWords, "std :: promise", kSeam},
    {Where::kStore, How::kWords, "std :: future", kSeam},
    {Where::kStore, How::kWords, "std :: call_once", kSeam},
    {Where::kStore, How::kWords, "absl :: Mutex", kSeam},
    {Where::kStore, How::kWords, "absl :: CondVar", kSeam},
    {Where::kStore, How::kWords, "std :: chrono", kClock},
    {Where::kStore, How::kWords, "absl :: Now", kClock},
    {Where::kStore, How::kCall, "time", kClock},
    {Where::kStore, How::kCall, "clock_gettime", kClock},
    {Where::kStore, How::kCall, "gettimeofday", kClock},
    {Where::kProductButEnv, How::kWords, "std :: random_device", kRandom},
    {Where::kProductButEnv, How::kCall, "getrandom", kRandom},
    {Where::kProduct, How::kCall, "rand", kRandom},
    {Where::kProduct, How::kCall, "srand", kRandom},
    {Where::kProduct, How::kWords, "std :: *_distribution", kRandom},
    {Where::kProduct, How::kWords, "std :: shuffle", kRandom},
    {Where::kProduct, How::kWords, "std :: sample", kRandom},
    {Where::kProduct, How::kWords, "std :: unordered_map", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "std :: unordered_set", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "std :: unordered_multimap", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "std :: unordered_multiset", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "absl :: *_hash_map", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "absl :: *_hash_set", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "std :: hash", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "absl :: Hash", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "absl :: HashOf", kOrdered, kOrder},
    {Where::kProduct, How::kWords, "using namespace", "name what is used"},
    {Where::kProduct, How::kWords, "volatile", "use std::atomic"},
    {Where::kProduct, How::kCall, "assert", "use FAULTFS_CHECK: it is on in release builds"},
    {Where::kProduct, How::kCall, "exit", kReturn},
    {Where::kProduct, How::kCall, "quick_exit", kReturn},
    {Where::kProduct, How::kExpression, "new", kOwner},
    {Where::kProduct, How::kExpression, "delete", kOwner},
};

// Smart pointers of our own.
constexpr std::string_view kMayOwn[] = {"faultfs/sim/cow_ptr.h"};

bool IsProduct(const SourceFile& file) {
  return file.IsIn("faultfs/") || file.IsIn("store/") || file.IsIn("harness/") ||
         file.IsIn("bench/");
}

bool Applies(const Ban& ban, const SourceFile& file) {
  if (ban.how == How::kExpression &&
      std::count(std::begin(kMayOwn), std::end(kMayOwn), file.path)) {
    return false;
  }
  switch (ban.where) {
    case Where::kStore:
      return file.IsIn("store/");
    case Where::kProduct:
      return IsProduct(file);
    case Where::kProductButEnv:
      return IsProduct(file) && !file.IsIn("faultfs/env/");
  }
  return false;
}

using Tokens = std::vector<Token>;

std::string_view TextAt(const Tokens& tokens, size_t index) {
  return index < tokens.size() ? tokens[index].text : std::string_view();
}

bool MatchesWords(const Tokens& tokens, size_t index, std::string_view words) {
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, end);
    const std::string_view text = TextAt(tokens, index++);
    const bool matches = word.front() == '*' ? text.ends_with(word.substr(1)) : text == word;
    if (!matches) return false;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return true;
}

// Not a method's call, not a name in another namespace, not a declaration.
bool MatchesCall(const Tokens& tokens, size_t index, std::string_view name) {
  if (tokens[index].text != name || TextAt(tokens, index + 1) != "(") return false;
  if (index == 0) return true;
  const Token& before = tokens[index - 1];
  if (before.text == "::") {
    if (index == 1) return true;
    const Token& space = tokens[index - 2];
    return space.kind != Token::Kind::kWord || space.text == "std" || space.text == "return";
  }
  if (before.text == "." || before.text == "->") return false;
  return before.kind != Token::Kind::kWord || before.text == "return" || before.text == "else";
}

// A `new` in a statement that gives it to a smart pointer has an owner (private constructors need
// it); `= delete` is no expression.
bool MatchesExpression(const Tokens& tokens, size_t index, std::string_view name) {
  if (tokens[index].text != name) return false;
  if (name == "delete") return index == 0 || tokens[index - 1].text != "=";
  for (size_t at = index; at-- > 0;) {
    const std::string_view text = tokens[at].text;
    if (text == ";" || text == "{" || text == "}") break;
    if (text == "unique_ptr" || text == "shared_ptr") return false;
  }
  return true;
}

bool Matches(const Ban& ban, const Tokens& tokens, size_t index) {
  if (tokens[index].kind != Token::Kind::kWord) return false;
  switch (ban.how) {
    case How::kWords:
      return MatchesWords(tokens, index, ban.name);
    case How::kCall:
      return MatchesCall(tokens, index, ban.name);
    case How::kExpression:
      return MatchesExpression(tokens, index, ban.name);
  }
  return false;
}

bool GivesReason(const Comment& comment, std::string_view excuse) {
  const size_t at = comment.text.find(excuse);
  return at != std::string_view::npos &&
         comment.text.find_first_not_of(" \t\n", at + excuse.size()) != std::string_view::npos;
}

// The lines that a comment with the excuse speaks for: its own, and, below the block of comments it
// belongs to, those of the statement that follows.
std::set<int> ExcusedLines(const LexedFile& file, std::string_view excuse) {
  std::set<int> excused;
  if (excuse.empty()) return excused;
  std::set<int> comment_lines;
  std::set<int> code_lines;
  for (const Comment& comment : file.comments) {
    for (int line = comment.first_line; line <= comment.last_line; ++line) {
      comment_lines.insert(line);
    }
  }
  for (const Token& token : file.tokens) code_lines.insert(token.line);
  for (const Comment& comment : file.comments) {
    if (!GivesReason(comment, excuse)) continue;
    excused.insert(comment.first_line);
    if (code_lines.contains(comment.first_line)) continue;
    int line = comment.last_line + 1;
    while (comment_lines.contains(line) && !code_lines.contains(line)) ++line;
    const auto first = std::find_if(file.tokens.begin(), file.tokens.end(),
                                    [&](const Token& token) { return token.line >= line; });
    for (auto token = first; token != file.tokens.end(); ++token) {
      excused.insert(token->line);
      if (token->text == ";" || token->text == "{") break;
    }
  }
  return excused;
}

std::string Spelled(const Ban& ban) {
  std::string name(ban.name);
  name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
  if (ban.name == "using namespace") return std::string(ban.name);
  return ban.how == How::kCall ? name + "()" : name;
}

}  // namespace

Violations CheckBannedNames(const SourceTree& tree) {
  Violations found;
  for (const SourceFile& file : tree) {
    if (!file.IsCpp() || !IsProduct(file)) continue;
    const LexedFile lexed = Lex(file.text);
    for (const Ban& ban : kBans) {
      if (!Applies(ban, file)) continue;
      const std::set<int> excused = ExcusedLines(lexed, ban.excuse);
      for (size_t index = 0; index < lexed.tokens.size(); ++index) {
        if (!Matches(ban, lexed.tokens, index)) continue;
        const int line = lexed.tokens[index].line;
        if (excused.contains(line)) continue;
        found.push_back(file.path + ":" + std::to_string(line) + ": " + Spelled(ban) + ": " +
                        std::string(ban.instead));
      }
    }
  }
  return found;
}

}  // namespace crashlab::style
