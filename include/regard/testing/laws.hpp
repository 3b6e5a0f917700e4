// SPDX-License-Identifier: MIT
// Laws that every game and every exact solver obeys, for the unit tests of whoever writes one. They need no
// test framework: a check returns the laws that were broken, each as a line with the numbers, and an empty
// list where all hold.
//
//     CHECK(regard::testing::check_game(MyGame(3)).empty());
//     CHECK(regard::testing::check_solver([](const auto& game) { return my_solver(game); }).empty());
//
// Everything drawn at random follows from the seed. Print it where it is not fixed.
#pragma once

#include <regard/core/random.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/result.hpp>

#include <string>
#include <vector>

namespace regard::inline REGARD_ABI {
namespace testing {

/// The broken laws, one a line, such as "efficiency: 3 players, round 2: the values sum to 0.5, expected
/// v(all) - v(empty) = 1". Each law is named once, where it first broke.
using Violations = std::vector<std::string>;

/// How a check is made.
struct LawOptions {
  std::uint64_t seed = 0;   ///< of all that is drawn
  double tolerance = 1e-10; ///< allowed difference, relative to the largest |value| of the game
  Index rounds = 24;        ///< random games that a solver is given; random coalitions are 8 a round
  Index max_players = 6;    ///< of the games that a solver is given: 1, ..., max_players in turn; at most 16
};

/// A game given by the value of every coalition: table[bits], where bit i of `bits` is player i.
class TableGame {
 public:
  /// @param table  2^players numbers. Throws InvalidArgument for a count that is no power of two.
  explicit TableGame(std::vector<double> table);

  /// Standard normal values for all coalitions, the empty one too.
  static TableGame random(Index players, RandomStream& random);

  Index players() const { return static_cast<Index>(std::countr_zero(table_.size())); }
  double value(Coalition coalition) const {
    return table_[coalition.players() == 0 ? 0 : coalition.words()[0]];
  }
  const std::vector<double>& table() const { return table_; }

 private:
  std::vector<double> table_;
};

/// Checks a game on all of its coalitions up to 10 players, on the empty, the full and random ones beyond:
///
/// - finite: every value is a finite number;
/// - repeatable: a coalition has the same value, to the bit, whenever and from whatever memory it is asked
///   (where not, no further law is checked);
/// - batch: `values` gives what `value` gives, in batches of any size and order (games that have it);
/// - closed form size, closed form efficiency: one value a player, and their sum is v(all) - v(empty);
/// - closed form: equals enumeration, up to 12 players (games that have it).
template <class G>
Violations check_game(const G& game, const LawOptions& options = {});

/// Checks a solver for the axioms that define the Shapley value (Shapley 1953) on random games.
///
/// - size: one value a player;
/// - repeatable: the same game gives the same bits;
/// - efficiency: the values sum to v(all) - v(empty);
/// - symmetry: players that every coalition gains the same from have the same value;
/// - null player: one that adds nothing to any coalition has the value 0;
/// - linearity: phi(a u + b v) = a phi(u) + b phi(v);
/// - equivariance: renaming the players renames the values;
/// - unanimity: a game that is worth 1 to coalitions with all of a team, else 0, is shared by the team alike;
/// - report: value_empty, value_full and completeness_gap are the game's, standard errors one a player
///   (solvers that return a ShapleyResult).
///
/// The first axioms together allow no solver but an exact one; the tolerance is the error it may make.
/// @param solver  callable with a `const TableGame&`; returns a ShapleyResult or one number a player
template <class Solver>
Violations check_solver(const Solver& solver, const LawOptions& options = {});

} // namespace testing
} // namespace regard::inline REGARD_ABI

#include <regard/testing/detail/laws.hpp>
