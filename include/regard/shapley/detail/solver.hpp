// SPDX-License-Identifier: MIT
// Body of shapley/solver.hpp.
#pragma once

#include <regard/shapley/detail/evaluate.hpp>
#include <regard/shapley/solver.hpp>

namespace regard::inline REGARD_ABI {
namespace detail {

template <class G>
ShapleyResult closed_form(const G& game) {
  const Index players = game.players();
  ShapleyResult result;
  result.values = game.shapley_values();
  if (result.values.size() != players)
    throw InvalidArgument("the closed form of a game of " + std::to_string(players) + " players: found " +
                          std::to_string(result.values.size()) + " values, expected one a player");
  for (Index player = 0; player < players; ++player)
    if (!std::isfinite(result.values[player]))
      throw InvalidArgument("the closed form's value of player " + std::to_string(player) + ": found " +
                            number_text(result.values[player]) + ", expected a finite number");
  result.value_empty = evaluate(game, MutableCoalition(players));
  result.value_full = evaluate(game, MutableCoalition::full(players));
  result.completeness_gap = completeness_gap(result);
  result.solver = "closed-form";
  return result;
}

} // namespace detail

template <class G>
ShapleyResult shapley(const G& game) {
  require_game<G>();
  if constexpr (ClosedFormGame<G>)
    return detail::closed_form(game);
  else
    return enumerate(game);
}

} // namespace regard::inline REGARD_ABI
