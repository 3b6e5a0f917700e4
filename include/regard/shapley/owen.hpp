// SPDX-License-Identifier: MIT
// Owen values: Shapley values of players who come in groups.
//
//     auto words = regard::PartitionTree::groups(4, {{0}, {1, 2}, {3}});
//     auto phi   = regard::owen_values(game, words).values;
#pragma once

#include <regard/core/executor.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/options.hpp>
#include <regard/shapley/partition_tree.hpp>
#include <regard/shapley/result.hpp>

namespace regard::inline REGARD_ABI {

/// The most coalitions that `owen_values` evaluates.
inline constexpr Index max_owen_evaluations = Index{1} << 30;

/// Exact Owen values (Owen 1977; for trees of more than one level Winter 1989): the mean of what a player
/// adds, over all orders in which the players below every node of the tree stand together,
///
///     phi_i = sum over A_1, ..., A_d of prod_l 1 / (m_l C(m_l - 1, |A_l|)) (v(Q + i) - v(Q)),
///
/// where the path from the root to i has d steps, A_l is a set of siblings of its l-th node among the m_l
/// children there, and Q holds the players below all of A_1, ..., A_d. Under a flat tree these are the
/// Shapley values. The values of a node's players always sum to the Owen value of the group among its
/// siblings.
///
/// Each coalition that occurs is evaluated once, whatever the budget: about 2/3 n^2 for a balanced binary
/// tree, 2^n for a flat one. Memory O(2^m) for the largest number m of children. Stopped early, it knows
/// nothing, and returns zeros. Throws InvalidArgument when tree and game have different numbers of players,
/// when it would take more than max_owen_evaluations, or naming a coalition whose value is not finite.
template <class G>
ShapleyResult owen_values(const G& game, const PartitionTree& tree, const SolverOptions& options = {},
                          const Executor& executor = Serial{});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/owen.hpp>
#endif
