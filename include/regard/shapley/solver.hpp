// SPDX-License-Identifier: MIT
// The Shapley values of a game, by whatever way suits it.
//
//     const auto result = regard::shapley(game);
//     use(result.values, result.completeness_gap);
#pragma once

#include <regard/shapley/exact.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/result.hpp>

namespace regard::inline REGARD_ABI {

/// Exact Shapley values: the closed form of a game that offers one, else `enumerate`. A closed form counts no
/// evaluations, though the empty and the full coalition are evaluated for the completeness gap.
/// Throws InvalidArgument as `enumerate` does, or when a closed form gives another number of values than
/// there are players, or one that is not finite.
template <class G>
ShapleyResult shapley(const G& game);

} // namespace regard::inline REGARD_ABI

#include <regard/shapley/detail/solver.hpp>
