// SPDX-License-Identifier: MIT
// Body of attribution/assign_scores.hpp.
#pragma once

#include <regard/attribution/assign_scores.hpp>
#include <regard/shapley/detail/sum.hpp>

#include <cmath>

namespace regard::inline REGARD_ABI {

template <class Lazy>
void assign_scores(Explanation& why, std::vector<double> values) {
  if (values.size() != why.players.size())
    throw InvalidArgument(why.method + ": found " + std::to_string(values.size()) +
                          " values, expected one for each of " + std::to_string(why.players.size()) +
                          " players");
  for (Index player = 0; player < values.size(); ++player) {
    if (!std::isfinite(values[player]))
      throw InvalidArgument(why.method + ": found the value " + detail::number_text(values[player]) +
                            " of player " + std::to_string(player) + ", expected a finite number");
    for (const Index token : why.players[player])
      if (!why.words.empty() && token >= why.tokens.size())
        throw InvalidArgument(why.method + ": found token " + std::to_string(token) + " in player " +
                              std::to_string(player) + ", expected less than " +
                              std::to_string(why.tokens.size()));
  }
  for (ExplainedWord& word : why.words)
    word.value = 0;
  Index w = 0; // words and players both stand in the order of the text
  for (Index player = 0; player < values.size() && !why.words.empty(); ++player) {
    if (why.players[player].empty())
      continue;
    const ExplainedToken& token = why.tokens[why.players[player].front()];
    const auto holds = [&token](const ExplainedWord& word) {
      return word.segment == token.segment && word.begin <= token.begin && token.end <= word.end;
    };
    while (w + 1 < why.words.size() && !holds(why.words[w]))
      ++w;
    if (holds(why.words[w]))
      why.words[w].value += values[player];
  }
  why.values = std::move(values);
  why.standard_errors.reset();
  why.completeness_gap = detail::completeness_gap(why.value_full, why.value_empty, why.values);
  why.degenerate = degenerate(why.values);
}

} // namespace regard::inline REGARD_ABI
