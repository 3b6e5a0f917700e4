// SPDX-License-Identifier: MIT
// Exact Shapley values of any game, by enumeration.
//
//     const auto phi = regard::enumerate(game).values;
#pragma once

#include <regard/core/executor.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/options.hpp>
#include <regard/shapley/result.hpp>

namespace regard::inline REGARD_ABI {

/// The most players that `enumerate` accepts.
inline constexpr Index max_enumerated_players = 30;

/// Exact Shapley values (Shapley 1953) from the values of all 2^n coalitions:
///
///     phi_i = sum over S with i of v(S) / (s C(n, s)) - sum over S without i of v(S) / ((n - s) C(n, s)),
///
/// s = |S|. Each coalition is evaluated once, in Gray-code order (each differs from the one before by one
/// player) and in batches where the game takes them. Time O(2^n) beside the game's own, memory O(n).
/// Throws InvalidArgument beyond max_enumerated_players, or naming a coalition whose value is not finite, and
/// Error naming the coalition at which the game threw (nested: std::rethrow_if_nested gives what it threw).
template <class G>
ShapleyResult enumerate(const G& game);

/// The same in batches of `batch_size` that may run in parallel, with an observer and a stop token; a game
/// that runs on several workers is called by several threads at once. All coalitions are taken, whatever the
/// budget. Stopped early, an enumeration knows nothing, and returns zeros.
template <class G>
ShapleyResult enumerate(const G& game, const SolverOptions& options, const Executor& executor = Serial{});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/exact.hpp>
#endif
