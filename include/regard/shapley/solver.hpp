// SPDX-License-Identifier: MIT
// The Shapley values of a game, by whatever way suits it.
//
//     const auto exact = regard::shapley(game);                         // exact, or refused
//     const auto quick = regard::shapley(game, {.budget = 2000});       // exact if 2000 evaluations suffice
//     const auto named = regard::shapley(game, {.solver = regard::solver_named("permutation")});
#pragma once

#include <regard/shapley/exact.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/options.hpp>
#include <regard/shapley/result.hpp>
#include <regard/shapley/samplers.hpp>

namespace regard::inline REGARD_ABI {

/// Exact Shapley values: the closed form of a game that offers one, else `enumerate`. A closed form counts no
/// evaluations, though the empty and the full coalition are evaluated for the completeness gap.
/// Throws InvalidArgument as `enumerate` does, or when a closed form gives another number of values than
/// there are players, or one that is not finite. Who wants an estimate says what it may cost, below.
template <class G>
ShapleyResult shapley(const G& game);

/// Shapley values by the solver that `options` names. Solver::automatic takes the closed form of a game that
/// offers one, enumerates if the budget covers all 2^n coalitions, and else samples: by `leverage_shap`, or
/// by `permutation_sampling` where the budget is below 5 n but allows one pair of orders, 2 n. Throws
/// InvalidArgument as the solver does, and for Solver::closed_form of a game that offers none.
template <class G>
ShapleyResult shapley(const G& game, const SolverOptions& options, const Executor& executor = Serial{});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/solver.hpp>
#endif
