// SPDX-License-Identifier: MIT
// How solvers evaluate games.
#pragma once

#include <regard/shapley/detail/sum.hpp>
#include <regard/shapley/game.hpp>

#include <limits>

namespace regard::inline REGARD_ABI {
namespace detail {

/// Evaluates coalitions, in one call where the game has one. Throws InvalidArgument naming the first
/// coalition whose value is not finite.
template <class G>
void evaluate(const G& game, std::span<const Coalition> coalitions, std::span<double> values) {
  if constexpr (BatchGame<G>) {
    // An entry that the game forgets to set is found out below.
    std::fill(values.begin(), values.end(), std::numeric_limits<double>::quiet_NaN());
    game.values(coalitions, values);
  } else {
    for (Index i = 0; i < coalitions.size(); ++i)
      values[i] = static_cast<double>(game.value(coalitions[i]));
  }
  for (Index i = 0; i < coalitions.size(); ++i)
    if (!std::isfinite(values[i]))
      throw InvalidArgument("the game's value of coalition " + to_string(coalitions[i]) + " among " +
                            std::to_string(coalitions[i].players()) + " players: found " +
                            number_text(values[i]) + ", expected a finite number");
}

/// The value of one coalition.
template <class G>
double evaluate(const G& game, const Coalition& coalition) {
  double value = 0;
  evaluate(game, std::span(&coalition, 1), std::span(&value, 1));
  return value;
}

} // namespace detail
} // namespace regard::inline REGARD_ABI
