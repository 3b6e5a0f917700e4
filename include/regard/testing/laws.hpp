// SPDX-License-Identifier: MIT
// Laws for the unit tests of whoever extends the library: games and solvers of one's own. Each check returns
// the laws that it saw broken, in words and numbers, so that it fits any test framework:
//
//     CHECK(regard::testing::check_game(my_game).empty());
//     CHECK(regard::testing::check_solver(my_solver).empty());
#pragma once

#include <regard/core/random.hpp>
#include <regard/shapley/solver.hpp>

#include <concepts>
#include <string>
#include <vector>

namespace regard::inline REGARD_ABI::testing {

/// What a check found: one sentence for each broken law. Empty means that all held.
using Violations = std::vector<std::string>;

struct LawOptions {
  std::uint64_t seed = 0;   ///< of the random games and permutations
  double tolerance = 1e-10; ///< relative to the largest value of the game
};

/// A game given by the value of every coalition: values[mask], where bit i of the mask is player i.
class TableGame {
 public:
  /// @param values  2^n numbers
  explicit TableGame(std::vector<double> values);

  /// Uniform on [-1, 1] for every coalition, the empty one included.
  static TableGame random(Index players, RandomStream& stream);

  Index players() const { return static_cast<Index>(std::countr_zero(values_.size())); }
  double value(const Coalition& coalition) const {
    return values_[coalition.players() == 0 ? 0 : coalition.words()[0]];
  }
  const std::vector<double>& table() const { return values_; }

 private:
  std::vector<double> values_;
};

/// Checks a game: the same value when asked twice, `values` equal to `value`, a closed form equal to
/// enumeration (up to 12 players) and efficient.
template <Game G>
Violations check_game(const G& game, const LawOptions& options = {});

/// Checks that solver(game) gives Shapley values exactly, on random games of 1 to 7 players and on unanimity
/// games: efficiency, symmetry, null player, linearity, and equivariance under a renaming of the players
/// (Shapley 1953).
/// @param solve  takes a TableGame, returns its values
template <class Solver>
requires std::convertible_to<std::invoke_result_t<Solver, const TableGame&>, std::vector<double>>
    Violations check_solver(Solver solve, const LawOptions& options = {});

} // namespace regard::inline REGARD_ABI::testing

#include <regard/testing/detail/laws.hpp>
