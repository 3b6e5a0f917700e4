// SPDX-License-Identifier: MIT
// Explanations made by hand, one for each thing that a report must cope with.
#pragma once

#include <regard/attribution/explanation.hpp>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace regard_test {

using regard::Explanation;
using regard::Index;

/// A piece of a sample's text: the vocabulary's piece, what it covers in the text, its value.
struct Piece {
  std::string text;
  std::string covers;
  double value;
};

/// Adds the tokens, players and words of one segment, and the [SEP] that ends it.
inline void append(Explanation& why, const std::string& source, const std::vector<Piece>& pieces,
                   Index segment) {
  Index end = 0;
  for (const auto& piece : pieces) {
    const Index begin = source.find(piece.covers, end);
    end = begin + piece.covers.size();
    why.players.push_back({why.tokens.size()});
    why.values.push_back(piece.value);
    why.tokens.push_back({piece.text, 1000 + why.tokens.size(), begin, end, segment, false});
    if (piece.text.starts_with("##")) {
      why.words.back().text += piece.covers;
      why.words.back().end = end;
      why.words.back().value += piece.value;
    } else {
      why.words.push_back({piece.covers, begin, end, segment, piece.value});
    }
  }
  why.tokens.push_back({"[SEP]", 102, 0, 0, segment, true});
  why.value_full = std::accumulate(why.values.begin(), why.values.end(), 0.0);
}

inline Explanation sample(const std::string& text, const std::vector<Piece>& pieces) {
  Explanation why;
  why.model = "models/tiny-sentiment";
  why.text = text;
  why.labels = {"negative", "positive"};
  why.prediction = why.target = {1, "positive"};
  why.probabilities = {0.0190, 0.9810};
  why.logits = {-1.972, 1.972};
  why.method = "grad-attention-max-mutual";
  why.solver = "closed-form";
  why.status = "exact";
  why.value_function = "attention";
  why.singleton = "self";
  why.layers = {0, 1};
  why.tokens.push_back({"[CLS]", 101, 0, 0, 0, true});
  append(why, text, pieces, 0);
  return why;
}

/// Values of one sign, exact, no word of several tokens.
inline Explanation plain() {
  return sample("a gripping , funny film", {{"a", "a", 0.0123},
                                            {"gripping", "gripping", 0.431},
                                            {",", ",", 0.031},
                                            {"funny", "funny", 0.2155},
                                            {"film", "film", 0}});
}

/// Both signs, a word of several tokens, standard errors, a gap, dropped tokens, another target than the
/// prediction.
inline Explanation sampled() {
  auto why = sample("An unwatchable plot, but the acting is gripping.", {{"an", "An", -0.00421},
                                                                         {"un", "un", 0.1513},
                                                                         {"##watch", "watch", 0.2217},
                                                                         {"##able", "able", 0.04},
                                                                         {"plot", "plot", 0.0622},
                                                                         {",", ",", 0.001},
                                                                         {"but", "but", -0.1208},
                                                                         {"the", "the", 0.0031},
                                                                         {"acting", "acting", -0.0456},
                                                                         {"is", "is", 0},
                                                                         {"gripping", "gripping", -0.3105},
                                                                         {".", ".", 0.0102}});
  why.target = {0, "negative"};
  why.method = "kernel-shap";
  why.solver = "kernel";
  why.status = "budget_reached";
  why.seed = 18446744073709551615u;
  why.samples = why.evaluations = 2048;
  why.masking = "mask";
  why.value_function = "log-odds";
  why.singleton = "";
  why.layers = {};
  why.standard_errors = std::vector<double>{0.0021, 0.0105, 0.0132, 0.004, 0.0066, 0.0009,
                                            0.0101, 0.0012, 0.0054, 0,     0.0211, 0.0018};
  why.value_empty = -0.0712;
  why.completeness_gap = 0.0125;
  why.value_full += why.value_empty + why.completeness_gap;
  why.dropped_tokens = 3;
  return why;
}

/// Words as players.
inline Explanation grouped() {
  auto why = sampled();
  why.players = {{1}, {2, 3, 4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}};
  why.values.clear();
  for (const auto& word : why.words)
    why.values.push_back(word.value);
  why.standard_errors.reset();
  return why;
}

/// A sentence pair.
inline Explanation pair() {
  auto why = sample("The film is long.", {{"the", "The", 0.02},
                                          {"film", "film", 0.11},
                                          {"is", "is", 0.03},
                                          {"long", "long", 0.42},
                                          {".", ".", 0.0}});
  const std::string second = "It isn't short.";
  append(why, second,
         {{"it", "It", -0.01},
          {"isn", "isn", -0.22},
          {"'", "'", 0.01},
          {"t", "t", -0.14},
          {"short", "short", 0.39},
          {".", ".", 0.005}},
         1);
  why.text_pair = second;
  why.labels = {"contradiction", "entailment", "neutral"};
  why.prediction = why.target = {1, "entailment"};
  why.probabilities = {0.0000213, 0.9101, 0.0898787};
  why.logits = {-6.1, 4.56, 2.2443};
  return why;
}

/// All values tie.
inline Explanation degenerate() {
  auto why =
      sample("good good good", {{"good", "good", 0.25}, {"good", "good", 0.25}, {"good", "good", 0.25}});
  why.degenerate = true;
  return why;
}

inline Explanation one_token() {
  return sample("superb", {{"superb", "superb", 0.731}});
}

/// No players at all: an empty text. A regression model, without probabilities.
inline Explanation no_players() {
  auto why = sample("", {});
  why.model = why.method = why.solver = why.status = why.value_function = why.singleton = "";
  why.labels = {};
  why.probabilities = {};
  why.logits = {0.25};
  why.prediction = why.target = {0, ""};
  return why;
}

/// As long as BERT takes.
inline Explanation long_text() {
  static const std::vector<std::string> vocabulary = {
      "the",   "film",  "opens", "with", "a",       "quiet",   "scene", "that",   "never",
      "quite", "pays",  "off",   ",",    "and",     "its",     "hero",  "drifts", "through",
      "two",   "hours", "of",    "rain", "without", "purpose", "."};
  std::string text;
  std::vector<Piece> pieces;
  for (Index i = 0; i < 510; ++i) {
    const auto& word = vocabulary[i * 7 % vocabulary.size()];
    text += (i == 0 ? "" : " ") + word;
    const double wave = static_cast<double>((i * 7919) % 1000) / 1000 - 0.45;
    pieces.push_back({word, word, wave * wave * wave * 0.03});
  }
  auto why = sample(text, pieces);
  why.dropped_tokens = 1;
  return why;
}

/// Wide characters, a combining accent, a line break.
inline Explanation wide_text() {
  return sample("这部电影很好看。\n한국 영화 cafe\xcc\x81 🎬", {{"这", "这", 0.02},
                                                               {"部", "部", 0.01},
                                                               {"电", "电", 0.12},
                                                               {"影", "影", 0.2},
                                                               {"很", "很", 0.08},
                                                               {"好", "好", 0.61},
                                                               {"看", "看", 0.44},
                                                               {"。", "。", -0.05},
                                                               {"한국", "한국", 0.03},
                                                               {"영화", "영화", 0.11},
                                                               {"cafe\xcc\x81", "cafe\xcc\x81", -0.12},
                                                               {"🎬", "🎬", 0.3}});
}

/// What an attacker would write: markup, quotes, escape sequences, bytes that are no UTF-8, direction marks.
inline Explanation hostile() {
  const std::string script = "</span><script>alert(\"1\")</script>", quote = "' onmouseover='x",
                    amp = "&lt;&amp;&#0;", escape = "\x1b[31mred\x1b]0;title\x07\x7f",
                    eight_bit = "\xc2\x9b\x33\x31m",
                    invalid = "\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82",
                    turned = "\u202egnp.exe\u2066 \u200f", comment = "<!-- ]]> -->", nothing("\0", 1),
                    odd = "\u2028\ufffe\ufdd0";
  std::string text;
  std::vector<Piece> pieces;
  double value = 0.5;
  for (const auto& part : {script, quote, amp, escape, eight_bit, turned, comment, nothing, odd, invalid}) {
    text += part + " ";
    pieces.push_back({part, part, value});
    value -= 0.11;
  }
  auto why = sample(text, pieces);
  why.model = "\"><img src=x onerror=alert(1)>\x1b[0m";
  why.labels = {"<b>bad</b>", "\"good\"\r\n\x1b[2J"};
  why.prediction = why.target = {1, why.labels[1]};
  why.method = why.solver = why.status = why.masking = why.value_function = why.singleton = why.scalar =
      script + escape;
  return why;
}

inline std::vector<Explanation> samples() {
  return {plain(),     sampled(),    grouped(),   pair(),      degenerate(),
          one_token(), no_players(), long_text(), wide_text(), hostile()};
}

} // namespace regard_test
