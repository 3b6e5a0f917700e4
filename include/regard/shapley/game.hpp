// SPDX-License-Identifier: MIT
// Games: characteristic functions that give every coalition of players a value. A game of one's own is a
// small class:
//
//     struct Glove { // left gloves are players 0 and 1, the right one is player 2
//       regard::Index players() const { return 3; }
//       double value(regard::Coalition s) const { return s.contains(2) && (s.contains(0) || s.contains(1)); }
//     };
//     auto phi = regard::shapley(Glove{}).values; // 1/6, 1/6, 4/6
//
// Solvers ask for nothing more; what a game offers beyond it makes them faster.
#pragma once

#include <regard/shapley/coalition.hpp>

#include <concepts>

namespace regard::inline REGARD_ABI {

/// Satisfied by a class with the number of players and the value of a coalition. `value` must be
/// deterministic and finite; it may throw.
template <class G>
concept Game = requires(const G& game, Coalition coalition) {
  { game.players() } -> std::convertible_to<Index>;
  { game.value(coalition) } -> std::convertible_to<double>;
};

/// A game that evaluates many coalitions at once: values(coalitions, out) sets out[i] to the value of
/// coalitions[i], the same as `value` gives.
template <class G>
concept BatchGame = Game<G> &&
    requires(const G& game, std::span<const Coalition> coalitions, std::span<double> out) {
  game.values(coalitions, out);
};

/// A game that knows its Shapley values.
template <class G>
concept ClosedFormGame = Game<G> && requires(const G& game) {
  { game.shapley_values() } -> std::convertible_to<std::vector<double>>;
};

} // namespace regard::inline REGARD_ABI
