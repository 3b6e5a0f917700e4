// SPDX-License-Identifier: MIT
// Games: characteristic functions, which give every coalition of players a value. A game of one's own is a
// small class, and needs nothing of this library but the type of its argument:
//
//     struct Gloves { // players 0 and 1 hold a left glove, player 2 the only right one
//       regard::Index players() const { return 3; }
//       double value(regard::Coalition s) const { return s.contains(2) && (s.contains(0) || s.contains(1)); }
//     };
//     auto phi = regard::shapley(Gloves{}).values; // 1/6, 1/6, 4/6
//
// Solvers ask for no more. What a game offers beyond it, a batch call or a closed form, they make use of.
// regard::testing::check_game of testing/laws.hpp checks a game in a unit test.
#pragma once

#include <regard/shapley/coalition.hpp>

#include <concepts>
#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {

/// Satisfied by a class with `players()`, the number of players, and `value(coalition)`, the value of a
/// coalition among that many players; both const. A value is finite and depends on the coalition alone; the
/// coalition is a view that is gone after the call. Evaluating may throw, which ends the solver.
template <class G>
concept Game = requires(const G& game, const Coalition& coalition) {
  { game.players() } -> std::convertible_to<Index>;
  { game.value(coalition) } -> std::convertible_to<double>;
};

/// Satisfied by a game that also evaluates many coalitions in one call: `values(coalitions, out)` sets out[i]
/// to the value of coalitions[i], the number that `value` gives. Both spans have the same size, at least 1.
template <class G>
concept BatchGame = Game<G> &&
    requires(const G& game, std::span<const Coalition> coalitions, std::span<double> out) {
  game.values(coalitions, out);
};

/// Satisfied by a game that knows its Shapley values: `shapley_values()` gives one number a player.
template <class G>
concept ClosedFormGame = Game<G> && requires(const G& game) {
  { game.shapley_values() } -> std::convertible_to<std::vector<double>>;
};

/// Fails to compile, with a sentence that says what is missing, unless G is a game. Solvers call it, so that
/// a class which is not quite a game is told why.
template <class G>
consteval void require_game() {
  static_assert(
      requires(const G& game) {
        { game.players() } -> std::convertible_to<Index>;
      },
      "a game needs a member `Index players() const`, the number of its players");
  static_assert(
      requires(const G& game, const Coalition& coalition) {
        { game.value(coalition) } -> std::convertible_to<double>;
      },
      "a game needs a member `double value(Coalition) const`, the value of a coalition");
  static_assert(
      !requires { &G::values; } || BatchGame<G>,
      "a game's member `values` is to be callable as "
      "`values(std::span<const Coalition> coalitions, std::span<double> out) const`");
  static_assert(
      !requires { &G::shapley_values; } || ClosedFormGame<G>,
      "a game's member `shapley_values` is to be callable as "
      "`std::vector<double> shapley_values() const`");
}

} // namespace regard::inline REGARD_ABI
