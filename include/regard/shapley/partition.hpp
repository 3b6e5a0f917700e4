// SPDX-License-Identifier: MIT
// The partition explainer: Owen values within a budget, the largest groups first. It is what the package shap
// runs on text by default.
//
//     auto tree = regard::text_partition_tree(pieces);
//     auto phi  = regard::partition_shap(game, tree, {.budget = 500}).values;
#pragma once

#include <regard/core/executor.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/options.hpp>
#include <regard/shapley/partition_tree.hpp>
#include <regard/shapley/result.hpp>

namespace regard::inline REGARD_ABI {

/// Owen values over a binary tree as shap's PartitionExplainer estimates them. The worth of a group is split
/// between its two halves as the mean of what each adds before and after the other, at a cost of two
/// evaluations; each half then stands in two contexts with half the weight. The group with the largest
/// |worth| x weight is split next. When the budget ends, the worth of what is not split goes to the players
/// below in equal parts, so that the values always sum to v(all) - v(empty).
///
/// Values are those of `owen_values`, with the status `converged`, once every group is split: about 2/3 n^2
/// evaluations for a balanced tree of n players, and as many as owen_values counts in general.
///
/// Where it differs from shap: groups of equal |worth| x weight are split from left to right (shap draws
/// random numbers for it), and an odd budget is not exceeded by one evaluation. Nothing is drawn, so there
/// are no standard errors; seed and precision are not read. Stopped early, it has spent less of its budget.
///
/// @param splits_per_round  how many groups are split before the queue is looked at again. shap makes it half
///                          of its batch size, rounded up: 3 on text, 5 elsewhere. It matters only where the
///                          budget does not reach every player.
/// Throws InvalidArgument when tree and game have different numbers of players, for a merge of more than two,
/// for a budget below the two (one without players) that the ends take, for splits_per_round = 0; and what
/// `enumerate` throws for a value that is not finite or a game that throws.
template <class G>
ShapleyResult partition_shap(const G& game, const PartitionTree& tree, const SolverOptions& options = {},
                             const Executor& executor = Serial{}, Index splits_per_round = 3);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/partition.hpp>
#endif
