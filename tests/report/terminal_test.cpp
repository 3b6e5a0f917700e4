// SPDX-License-Identifier: MIT
#include "report/samples.hpp"
#include "support/catch.hpp"

// Before anything else of the report room: this header must do without nlohmann/json.
#include <regard/report/terminal.hpp>
#if defined(INCLUDE_NLOHMANN_JSON_HPP_) || defined(NLOHMANN_JSON_VERSION_MAJOR)
#error "report/terminal.hpp includes nlohmann/json"
#endif

#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>

using regard::Index;
using regard::detail::report::columns;
using regard_test::samples;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    result.push_back(line);
  return result;
}

std::string line_with(const std::string& text, const std::string& start) {
  for (const auto& line : lines(text))
    if (line.starts_with(start))
      return line;
  return "";
}

/// Cells of a bar, in eighths.
int eighths(const std::string& line) {
  static const std::vector<std::pair<std::string, int>> blocks = {
      {"█", 8}, {"▉", 7}, {"▊", 6}, {"▋", 5}, {"▌", 4}, {"▐", 4}, {"▍", 3}, {"▎", 2}, {"▏", 1}};
  int sum = 0;
  for (const auto& [block, size] : blocks)
    for (auto at = line.find(block); at != std::string::npos; at = line.find(block, at + 1))
      sum += size;
  return sum;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a terminal table reads like this", "[terminal]") {
  CHECK(regard::terminal(regard_test::plain(), {.color = false, .width = 60}) ==
        "text        a gripping , funny film\n"
        "model       models/tiny-sentiment\n"
        "prediction  positive, probability 0.9810\n"
        "target      positive\n"
        "method      grad-attention-max-mutual, closed-form, exact\n"
        "\n"
        "token       value\n"
        "a         +0.0123 │█▏\n"
        "gripping  +0.4310 │█████████████████████████████████████████\n"
        ",         +0.0310 │███\n"
        "funny     +0.2155 │████████████████████▌\n"
        "film       0.0000 │\n"
        "\n"
        "v(full)     0.6898, v(empty) 0.0000\n"
        "evaluations 0\n"
        "not players [CLS] [SEP]\n");
}

TEST_CASE("a terminal table with both signs, words, errors and remarks is the golden one", "[terminal]") {
  // Written by terminal() itself, and read: after a change, look at the difference before it is replaced.
  std::ifstream file(REGARD_TEST_DATA "/report/terminal.txt");
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  CHECK(regard::terminal(regard_test::sampled(), {.color = false, .width = 72}) == golden);
}

TEST_CASE("no line of a terminal table is wider than asked for", "[terminal]") {
  for (const auto& why : samples())
    for (const Index width : {0u, 40u, 41u, 60u, 80u, 133u}) {
      INFO("width " << width);
      for (const auto& line : lines(regard::terminal(why, {.color = false, .width = width}))) {
        INFO(line);
        CHECK(columns(line) <= std::max<Index>(width, 40));
      }
    }
  auto why = regard_test::sampled();
  for (const double value : {1e-300, 1e300, -1e-9, 123456.0, 999999.9, HUGE_VAL, std::nan("")}) {
    why.values[1] = value;
    (*why.standard_errors)[2] = value;
    INFO(value);
    for (const auto& line : lines(regard::terminal(why, {.color = false, .width = 40}))) {
      INFO(line);
      CHECK(columns(line) <= 40);
    }
  }
}

TEST_CASE("bars are proportional to the values", "[terminal]") {
  for (const auto& why : {regard_test::plain(), regard_test::sampled(), regard_test::wide_text()}) {
    const auto table = lines(regard::terminal(why, {.color = false, .width = 120}));
    Index row = 0;
    while (!table[row].starts_with("token "))
      ++row;
    std::vector<int> bars;
    double sum = 0, total = 0;
    for (Index p = 0; p < why.values.size(); ++p) {
      bars.push_back(eighths(table[row + 1 + p]));
      sum += bars.back();
      total += std::abs(why.values[p]);
    }
    for (Index p = 0; p < why.values.size(); ++p) {
      // To the left of the axis half a cell is the smallest step.
      const double step = why.values[p] < 0 ? 2.5 : 1.5;
      CHECK(std::abs(bars[p] - std::abs(why.values[p]) * sum / total) <= step);
      const auto axis = table[row + 1 + p].find("│");
      const auto block = table[row + 1 + p].find("█");
      if (block != std::string::npos)
        CHECK((block < axis) == (why.values[p] < 0));
    }
  }
}

TEST_CASE("no text can steer the terminal", "[terminal]") {
  for (const auto& why : samples()) {
    const std::string text = regard::terminal(why);
    for (const char c : text)
      CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
    CHECK_FALSE(holds(text, "\x7f"));
    CHECK_FALSE(holds(text, "\xc2\x9b"));     // the eight-bit form of ESC [
    CHECK_FALSE(holds(text, "\xe2\x80\xae")); // right-to-left override
    CHECK(regard::detail::report::valid_utf8(text) == text);
  }
  const std::string text = regard::terminal(regard_test::hostile());
  CHECK(holds(text, "␛[31mred"));
}

TEST_CASE("colour adds escape sequences and nothing else", "[terminal]") {
  for (const auto& why : samples()) {
    std::string text = regard::terminal(why, {.color = true});
    const bool blue = holds(text, "\x1b[38;5;33m"), orange = holds(text, "\x1b[38;5;166m");
    const auto extent = regard::detail::report::extent(why.values);
    CHECK(blue == (extent.positive > 0));
    CHECK(orange == (extent.negative > 0));
    for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b'))
      text.erase(at, text.find('m', at) + 1 - at);
    CHECK(text == regard::terminal(why));
  }
}

TEST_CASE("a terminal table says what a reader must know", "[terminal]") {
  const std::string tie = regard::terminal(regard_test::degenerate());
  CHECK(holds(tie, "All values tie: this explanation ranks nothing."));
  CHECK_FALSE(holds(tie, "gap"));
  CHECK_FALSE(holds(tie, "dropped"));
  const std::string sampled = regard::terminal(regard_test::sampled());
  CHECK(line_with(sampled, "gap") == "gap         +0.0125: v(full) - v(empty) - sum of the values");
  CHECK(line_with(sampled, "target") == "target      negative, probability 0.0190");
  CHECK(line_with(sampled, "dropped") == "dropped     3 tokens beyond the model's maximum length");
  CHECK(line_with(sampled, "word ").size() > 0);
  const std::string grouped = regard::terminal(regard_test::grouped());
  CHECK(line_with(grouped, "unwatchable").size() > 0);
  CHECK(line_with(grouped, "word ").empty()); // words are the players: nothing to add
  CHECK(holds(regard::terminal(regard_test::pair()), "pair        It isn't short."));
  CHECK(holds(regard::terminal(regard_test::no_players()), "No players"));
}

TEST_CASE("invalid UTF-8 becomes one U+FFFD for each maximal part", "[unicode]") {
  using regard::detail::report::valid_utf8;
  const std::string bad = "\xef\xbf\xbd";
  CHECK(valid_utf8("a\xff"
                   "b") == "a" + bad + "b");
  CHECK(valid_utf8("\xc0\xaf") == bad + bad);                     // a long form
  CHECK(valid_utf8("\xed\xa0\x80") == bad + bad + bad);           // a surrogate
  CHECK(valid_utf8("\xf4\x90\x80\x80") == bad + bad + bad + bad); // beyond U+10FFFF
  CHECK(valid_utf8("\xe2\x82") == bad);                           // cut off
  CHECK(valid_utf8("\xe2\x82(") == bad + "(");
  CHECK(valid_utf8("\xf0\x9f\x8e") == bad);
  for (const std::string text : {"", "plain", "é ÿ ߿ ࠀ ￿", "\U00010000 \U0010FFFF 这 🎬", "\xc2\x80"})
    CHECK(valid_utf8(text) == text);
}

TEST_CASE("columns, cuts and lines of text", "[unicode]") {
  using namespace regard::detail::report;
  CHECK(columns("film") == 4);
  CHECK(columns("电影") == 4);
  CHECK(columns("영화") == 4);
  CHECK(columns("cafe\xcc\x81") == 4);
  CHECK(columns("🎬") == 2);
  CHECK(columns("\u200f") == 0);
  CHECK(fit("film", 6) == "film  ");
  CHECK(fit("unwatchable", 6) == "unwat…");
  CHECK(fit("电影电影", 6) == "电影… ");
  CHECK(wrap("one two three", 7, 3) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap("one two three", 6, 3) == std::vector<std::string>{"one", "two", "three"});
  CHECK(wrap("one two three", 7, 1) == std::vector<std::string>{"one tw…"});
  CHECK(wrap("unwatchable", 4, 9) == std::vector<std::string>{"unwa", "tcha", "ble"});
  CHECK(wrap("", 4, 9).empty());
  CHECK(wrap("ends   ", 4, 9) == std::vector<std::string>{"ends"});
}

TEST_CASE("numbers of a column share their decimals", "[format]") {
  using namespace regard::detail::report;
  const NumberFormat small(0.431), one(1), tens(43.1), tiny(1e-9), huge(3e9), none(0);
  CHECK(small.with_sign(0.431) == "+0.4310");
  CHECK(small.with_sign(-0.00002) == "-0.0000");
  CHECK(small.with_sign(0) == " 0.0000");
  CHECK(small.with_sign(-0.0) == " 0.0000");
  CHECK(one(1) == "1.000");
  CHECK(tens(-43.1) == "-43.10");
  CHECK(tiny.with_sign(1e-9) == "+1.000e-09");
  CHECK(huge(3e9) == "3.000e+09");
  CHECK(none(0) == "0.000");
  CHECK(probability(1) == "1.0000");
  CHECK(probability(0) == "0.0000");
  CHECK(probability(0.99999999) == ">0.9999");
  CHECK(probability(1e-9) == "<0.0001");
}
