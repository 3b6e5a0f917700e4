// SPDX-License-Identifier: MIT
// Body of shapley/options.hpp.
#pragma once

#include <regard/core/error.hpp>
#include <regard/shapley/detail/sum.hpp>
#include <regard/shapley/options.hpp>

namespace regard::inline REGARD_ABI {

template <class Lazy>
Solver solver_named(std::string_view name) {
  std::string known;
  for (const SolverName& entry : solver_names) {
    if (entry.name == name)
      return entry.solver;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw InvalidArgument("solver: found '" + std::string(name) + "', expected one of " + known);
}

namespace detail {

/// Throws InvalidArgument for options that make no sense whatever the game is.
REGARD_LAZY
void check(const SolverOptions& options) {
  if (!(options.precision >= 0) || !std::isfinite(options.precision))
    throw InvalidArgument("precision: found " + number_text(options.precision) +
                          ", expected a fraction of the range of the values, or 0");
  if (options.batch_size == 0)
    throw InvalidArgument("batch size: found 0, expected at least 1");
}

/// Throws InvalidArgument unless `least` evaluations are within the budget.
REGARD_LAZY
void check_budget(const SolverOptions& options, Index least, std::string_view solver, Index players) {
  if (options.budget < least)
    throw InvalidArgument("budget: found " + std::to_string(options.budget) +
                          " evaluations, expected at least " + std::to_string(least) + ", which '" +
                          std::string(solver) + "' takes for " + std::to_string(players) + " players");
}

} // namespace detail
} // namespace regard::inline REGARD_ABI
