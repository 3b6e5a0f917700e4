// SPDX-License-Identifier: MIT
// What every solver returns.
#pragma once

#include <regard/tensor.hpp>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// How a solver ended. None of these is an error.
enum class Status {
  converged,      ///< exact, or as precise as was asked for
  budget_reached, ///< the budget ended before the precision that was asked for
  few_samples,    ///< too few independent samples to trust the standard errors
  stopped,        ///< a stop request came first
};

/// "converged", "budget_reached", "few_samples" or "stopped".
REGARD_LAZY std::string_view to_string(Status status);

/// Shapley values of a game, and how they came about.
struct ShapleyResult {
  std::vector<double> values;                         ///< one for each player
  std::optional<std::vector<double>> standard_errors; ///< none where the values are exact
  double value_empty = 0;                             ///< v(empty)
  double value_full = 0;                              ///< v(all players)
  double completeness_gap = 0;                        ///< value_full - value_empty - sum of values
  Index evaluations = 0; ///< how many coalitions the values took; 0 for a closed form
  Status status = Status::converged;
  std::string_view solver = {}; ///< "closed-form", "exact", ...: a name that lives as long as the program
  Index units = 0;              ///< independent units that were drawn: orders or coalitions, in pairs; else 0
  double degrees_of_freedom = 0; ///< of Student's t, for intervals from the standard errors; 0 without them
};

/// Whether all values tie, so that they rank nothing; so do none, and one. Differences up to
/// `tolerance` * max |value| count as ties: they are rounding error.
REGARD_LAZY bool degenerate(std::span<const double> values, double tolerance = 1e-12);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/result.hpp>
#endif
