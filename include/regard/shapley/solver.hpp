// SPDX-License-Identifier: MIT
// What every solver returns, and the exact solvers.
//
//     const auto result = regard::shapley(game); // the closed form where the game has one, else enumeration
//     use(result.values, result.completeness_gap);
#pragma once

#include <regard/shapley/game.hpp>

#include <optional>
#include <string_view>

namespace regard::inline REGARD_ABI {

/// How a solver ended. None of these is an error.
enum class Status {
  converged,      ///< exact, or as precise as was asked for
  budget_reached, ///< the budget ended before the precision that was asked for
  few_samples,    ///< too few independent samples to trust the standard errors
  stopped,        ///< a stop request came first
};

/// "converged", "budget_reached", "few_samples" or "stopped".
std::string_view to_string(Status status);

/// Shapley values of a game, and how they came about.
struct ShapleyResult {
  std::vector<double> values;                         ///< one for each player
  std::optional<std::vector<double>> standard_errors; ///< none where the values are exact
  double value_empty = 0;                             ///< v(empty)
  double value_full = 0;                              ///< v(all players)
  double completeness_gap = 0;                        ///< value_full - value_empty - sum of values
  Index evaluations = 0;                              ///< how many coalitions were evaluated
  Status status = Status::converged;
  std::string_view solver; ///< "closed-form", "exact", ...
};

/// The most players that `enumerate` accepts.
inline constexpr Index max_enumerated_players = 30;

/// Exact Shapley values by evaluating each of the 2^n coalitions once, in O(n^2) memory:
/// phi_i = sum over S of v(S) / (|S| C(n, |S|)) where i is in S, minus v(S) / ((n - |S|) C(n, |S|)) where it
/// is not. Throws InvalidArgument beyond max_enumerated_players, or naming the coalition whose value is not
/// finite.
template <Game G>
ShapleyResult enumerate(const G& game);

/// Exact Shapley values: the closed form of a game that offers one, else `enumerate`.
template <Game G>
ShapleyResult shapley(const G& game);

/// Whether all values are the same, so that they rank nothing: true for none and for one.
bool degenerate(std::span<const double> values);

} // namespace regard::inline REGARD_ABI

#include <regard/shapley/detail/solver.hpp>
