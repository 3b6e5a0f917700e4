// SPDX-License-Identifier: MIT
// What the reports share: the check of an Explanation's shape, names of players, numbers as text. Numbers go
// through to_chars: no locale can turn a point into a comma.
#pragma once

#include <regard/attribution/explanation.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {
namespace detail::report {

/// Throws InvalidArgument, naming the field, unless sizes agree and every index and offset points somewhere.
REGARD_LAZY
void check(const Explanation& why) {
  const auto refuse = [](const std::string& field, const std::string& problem) {
    throw InvalidArgument("cannot report this explanation: " + field + " " + problem);
  };
  const auto count = [&](const std::string& field, Index found) {
    if (found != why.players.size())
      refuse(field, "has " + std::to_string(found) + " entries for " + std::to_string(why.players.size()) +
                        " players");
  };
  count("values", why.values.size());
  if (why.standard_errors)
    count("standard_errors", why.standard_errors->size());
  if (why.image && why.patches.size() != why.image->rows * why.image->columns)
    refuse("patches", "has " + std::to_string(why.patches.size()) + " entries for " +
                          std::to_string(why.image->rows) + " x " + std::to_string(why.image->columns));
  const Index parts = why.image ? why.patches.size() : why.tokens.size();
  for (Index p = 0; p < why.players.size(); ++p)
    for (const Index part : why.players[p])
      if (part >= parts)
        refuse("players[" + std::to_string(p) + "]",
               std::string("names ") + (why.image ? "patch " : "token ") + std::to_string(part) + " of " +
                   std::to_string(parts));
  const auto span = [&](const std::string& field, Index i, const auto& part) {
    const Index size = part.segment == 0 ? why.text.size() : why.text_pair ? why.text_pair->size() : 0;
    if (part.segment > 1 || part.begin > part.end || part.end > size)
      refuse(field + "[" + std::to_string(i) + "]",
             "spans bytes " + std::to_string(part.begin) + " to " + std::to_string(part.end) +
                 " of segment " + std::to_string(part.segment) + ", which has " + std::to_string(size));
  };
  for (Index t = 0; t < why.tokens.size(); ++t)
    if (!why.tokens[t].special)
      span("tokens", t, why.tokens[t]);
  for (Index w = 0; w < why.words.size(); ++w)
    span("words", w, why.words[w]);
}

/// The name of a class, or LABEL_i as checkpoints without names call it.
REGARD_LAZY
std::string label_name(const Label& label) {
  return label.name.empty() ? "LABEL_" + std::to_string(label.index) : label.name;
}
REGARD_LAZY
std::string label_name(const Explanation& why, Index index) {
  return label_name(Label{index, index < why.labels.size() ? why.labels[index] : std::string()});
}

/// Players by |value|, the largest first.
REGARD_LAZY
std::vector<Index> by_magnitude(const Explanation& why) {
  std::vector<Index> order(why.values.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return std::abs(why.values[a]) > std::abs(why.values[b]); });
  return order;
}

/// The player that holds each token, or patch, or the number of players.
REGARD_LAZY
std::vector<Index> player_of_token(const Explanation& why) {
  std::vector<Index> player(why.image ? why.patches.size() : why.tokens.size(), why.players.size());
  for (Index p = why.players.size(); p-- > 0;)
    for (const Index token : why.players[p])
      player[token] = p;
  return player;
}

/// True when players are made of several tokens each, such as words.
REGARD_LAZY
bool has_groups(const Explanation& why) {
  return std::any_of(why.players.begin(), why.players.end(),
                     [](const auto& members) { return members.size() > 1; });
}

/// True when some word holds several players, so that its value is shown nowhere else.
REGARD_LAZY
bool words_differ_from_players(const Explanation& why) {
  const auto player = player_of_token(why);
  for (const auto& word : why.words) {
    Index first = why.players.size();
    for (Index t = 0; t < why.tokens.size(); ++t) {
      const auto& token = why.tokens[t];
      if (token.special || player[t] == why.players.size() || token.segment != word.segment ||
          token.begin < word.begin || token.end > word.end || token.begin == token.end)
        continue;
      if (first != why.players.size() && player[t] != first)
        return true;
      first = player[t];
    }
  }
  return false;
}

REGARD_LAZY
std::vector<double> word_values(const Explanation& why) {
  std::vector<double> values;
  values.reserve(why.words.size());
  for (const auto& word : why.words)
    values.push_back(word.value);
  return values;
}

/// The largest finite |value|, and the largest on either side of zero.
struct Extent {
  double positive = 0;
  double negative = 0; ///< as a magnitude
  double largest() const { return std::max(positive, negative); }
  double sum() const { return positive + negative; }
};
REGARD_LAZY
Extent extent(std::span<const double> values) {
  Extent result;
  for (const double value : values)
    if (std::isfinite(value)) {
      result.positive = std::max(result.positive, value);
      result.negative = std::max(result.negative, -value);
    }
  return result;
}

REGARD_LAZY
std::string to_text(double value, std::chars_format format, int digits) {
  char buffer[400];
  const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value, format, digits).ptr;
  return {std::begin(buffer), end};
}

/// The smallest rectangle that holds the patches of player `p`, which has one at least.
REGARD_LAZY
ExplainedPatch player_box(const Explanation& why, Index p) {
  ExplainedPatch box = why.patches[why.players[p].front()];
  for (const Index patch : why.players[p]) {
    const auto& next = why.patches[patch];
    const double right = std::max(box.x + box.width, next.x + next.width),
                 lower = std::max(box.y + box.height, next.y + next.height);
    box.x = std::min(box.x, next.x);
    box.y = std::min(box.y, next.y);
    box.width = right - box.x;
    box.height = lower - box.y;
  }
  return box;
}

/// A number of pixels with one decimal at most.
REGARD_LAZY
std::string pixels(double value) {
  const std::string text = to_text(value, std::chars_format::fixed, 1);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

/// What to call player `p`: its piece of the vocabulary; for neighbouring tokens the text that they cover;
/// else all its pieces. Of an image: where its patches lie, in pixels.
REGARD_LAZY
std::string player_name(const Explanation& why, Index p) {
  const auto& members = why.players[p];
  if (why.image) {
    if (members.empty())
      return "";
    const ExplainedPatch box = player_box(why, p);
    return pixels(box.x) + "," + pixels(box.y) + " " + pixels(box.width) + "x" + pixels(box.height);
  }
  std::string pieces;
  bool neighbours = members.size() > 1;
  for (Index i = 0; i < members.size(); ++i) {
    pieces += (i == 0 ? "" : " + ") + why.tokens[members[i]].text;
    neighbours = neighbours && !why.tokens[members[i]].special &&
                 (i == 0 || (members[i] == members[i - 1] + 1 &&
                             why.tokens[members[i]].segment == why.tokens[members[i - 1]].segment));
  }
  if (!neighbours)
    return pieces;
  const auto& first = why.tokens[members.front()];
  const Index end = std::max(first.begin, why.tokens[members.back()].end);
  return segment_text(why, first.segment).substr(first.begin, end - first.begin);
}

/// The shortest text that reads back as the same double.
REGARD_LAZY
std::string exact(double value) {
  char buffer[40];
  return {std::begin(buffer), std::to_chars(std::begin(buffer), std::end(buffer), value).ptr};
}

/// How the numbers of one column are written: four significant digits for the largest and as many decimals
/// for all, so that points stand below each other; powers of ten when the numbers are very large or small.
class NumberFormat {
 public:
  explicit NumberFormat(double largest) {
    const double power = largest > 0 && std::isfinite(largest) ? std::floor(std::log10(largest)) : 0;
    if (power < -4 || power > 5)
      format_ = std::chars_format::scientific;
    else
      digits_ = std::clamp(3 - static_cast<int>(power), 1, 7);
  }

  std::string operator()(double value) const { return to_text(value, format_, digits_); }

  /// With a sign, except for zero.
  std::string with_sign(double value) const {
    if (value == 0)
      return " " + (*this)(0.0);
    return (value > 0 ? "+" : "") + (*this)(value);
  }

 private:
  std::chars_format format_ = std::chars_format::fixed;
  int digits_ = 3;
};

/// A probability with four decimals; never 0 or 1 unless it is.
REGARD_LAZY
std::string probability(double value) {
  if (value > 0 && value < 0.0001)
    return "<0.0001";
  if (value < 1 && value > 0.9999)
    return ">0.9999";
  return to_text(value, std::chars_format::fixed, 4);
}

/// The gap, where it is more than rounding: beyond what float leaves of the numbers it is a difference of.
REGARD_LAZY
bool has_gap(const Explanation& why) {
  const double scale =
      std::max({std::abs(why.value_full), std::abs(why.value_empty), extent(why.values).largest()});
  return !(std::abs(why.completeness_gap) <= 1e-5 * scale);
}

/// Whether the values are shares of an amount of attention, so that v(full) and v(empty) mean nothing.
REGARD_LAZY
bool shares_attention(const Explanation& why) {
  return why.value_kind == "attention-score";
}

/// What values that are no Shapley values are; nothing for those that are.
REGARD_LAZY
std::string kind_of_scores(const Explanation& why) {
  if (shares_attention(why))
    return "scores, not Shapley values: shares of a total over all tokens";
  if (why.value_kind == "output-score")
    return "scores, not Shapley values: need not add up to v(full) - v(empty)";
  if (why.value_kind == "random")
    return "random numbers: they say nothing about the input";
  return "";
}

REGARD_LAZY
std::string join(std::span<const Index> numbers) {
  std::string text;
  for (const Index number : numbers)
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text;
}

REGARD_LAZY
std::string plural(Index count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

} // namespace detail::report
} // namespace regard::inline REGARD_ABI
