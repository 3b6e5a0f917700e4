// SPDX-License-Identifier: MIT
// Interactions of order two: what a pair of players is worth beyond what each of them brings alone.
//
//     const auto result = regard::interactions(game, regard::InteractionIndex::k_sii);
//     result.matrix(2, 5);  // the pair of players 2 and 5; symmetric
//     result.matrix(2, 2);  // player 2 on its own, also result.values[2]
//
// Four indices are in use. All are averages of discrete derivatives, over the coalitions S without player i
// and T without the pair i, j,
//
//     E_i  = sum over S of u(|S|) / C(n-1, |S|) (v(S+i) - v(S)),
//     E_ij = sum over T of w(|T|) / C(n-2, |T|) (v(T+i+j) - v(T+i) - v(T+j) + v(T)),
//
// and differ in how they weigh the sizes s = |S| and t = |T| alone:
//
//     index  u(s)                                 w(t)                          sums to v(all) - v(empty)
//     sii    1/n                                  1/(n-1)                       no
//     k-sii  1/n + ([s = 0] - [s = n-1])/2        1/(n-1)                       yes
//     stii   [s = 0]                              2(n-1-t)/(n(n-1))             yes
//     fsii   (4 - 6(s+1)/(n+1))/n                 6(t+1)(n-1-t)/((n+1)n(n-1))   yes
//
// Sources: Grabisch and Roubens 1999 (sii); Bordt and von Luxburg 2023 (k-sii, here of order k = 2: each
// player gives half of its pairs away, the Bernoulli number B_1 = -1/2); Sundararajan, Dhamdhere and Agarwal
// 2020 (stii); Tsai, Yeh and Ravikumar 2023 (fsii: the best fit by players and pairs under the Shapley
// kernel; u follows from its Moebius form). "Sums" means the sum over players and over pairs i < j.
#pragma once

#include <regard/core/executor.hpp>
#include <regard/shapley/attention_games.hpp>
#include <regard/shapley/exact.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/grouped_game.hpp>
#include <regard/shapley/options.hpp>
#include <regard/shapley/result.hpp>

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// Which interactions.
enum class InteractionIndex {
  sii,   ///< Shapley interaction index; its order-one part are the Shapley values
  k_sii, ///< the same, made to sum to v(all) - v(empty)
  stii,  ///< Shapley-Taylor: a player is worth v({i}) - v(empty), its pairs share the rest
  fsii,  ///< faithful: the game of players and pairs that is closest to this one
};

/// An index and its name.
struct InteractionName {
  InteractionIndex index;
  std::string_view name;
};

/// All indices, in the order in which they are listed.
inline constexpr std::array<InteractionName, 4> interaction_names = {{
    {InteractionIndex::sii, "sii"},
    {InteractionIndex::k_sii, "k-sii"},
    {InteractionIndex::stii, "stii"},
    {InteractionIndex::fsii, "fsii"},
}};

/// The index's name in `interaction_names`.
constexpr std::string_view to_string(InteractionIndex index) {
  for (const InteractionName& known : interaction_names)
    if (known.index == index)
      return known.name;
  return "unknown";
}

/// The index of that name. Throws InvalidArgument with all names where there is none.
REGARD_LAZY InteractionIndex interaction_named(std::string_view name);

/// Interactions of a game, and how they came about.
struct InteractionResult {
  InteractionIndex index = InteractionIndex::sii;
  std::vector<double> values; ///< E_i, one for each player
  Tensor<double, 2> matrix;   ///< [players, players]: E_ij, symmetric, with E_i on the diagonal
  /// Like `matrix`; none where the values are exact, or fewer than two units were drawn.
  std::optional<Tensor<double, 2>> standard_errors;
  double value_empty = 0; ///< v(empty)
  double value_full = 0;  ///< v(all players)
  /// value_full - value_empty - sum of `values`, for all but sii also minus the sum over the pairs i < j.
  double completeness_gap = 0;
  Index evaluations = 0; ///< how many coalitions the values took; 0 for a closed form
  Status status = Status::converged;
  std::string_view solver = {};  ///< "closed-form", "exact" or "sampled"; lives as long as the program
  Index units = 0;               ///< pairs of coalitions that were drawn
  double degrees_of_freedom = 0; ///< of Student's t, for intervals from the standard errors; 0 without them
};

/// Exact interactions: the closed form of a PairwiseGame or an AdditiveGame, or of such a game by groups
/// (GroupedGame), else `enumerate_interactions`.
///
/// In a pair game with weights w_ij, d_i = v({i}) that vanishes in company and D = sum of d (method.md,
/// section 3, for sii; the others by the same steps, with u and w of this page's table),
///
///     E_ij = w_ij - w(0) (d_i + d_j) + w(1) / (n-2) (D - d_i - d_j),
///     E_i  = [sii] 1/2 sum_j w_ij + u(0) d_i - u(1) / (n-1) (D - d_i),
///
/// in O(n^2) time. Where every coalition keeps d, it is E_i alone that has it. Throws InvalidArgument naming
/// a player or a pair whose E is beyond the range of double.
template <class G>
InteractionResult interactions(const G& game, InteractionIndex index);

/// The closed form of those games; else enumeration if the budget covers all 2^n coalitions; else
/// `sample_interactions`. `options.solver` is not read.
template <class G>
InteractionResult interactions(const G& game, InteractionIndex index, const SolverOptions& options,
                               const Executor& executor = Serial{});

/// Exact interactions from the values of all 2^n coalitions, each evaluated once, as `enumerate` does and
/// with its options and errors. Time O(2^n) beside the game's own, memory O(n^2). Stopped early, it knows
/// nothing, and returns zeros.
template <class G>
InteractionResult enumerate_interactions(const G& game, InteractionIndex index,
                                         const SolverOptions& options = {},
                                         const Executor& executor = Serial{});

/// Estimates for any number of players, in which every coalition informs every pair (after SHAP-IQ, Fumagalli
/// et al. 2023). The sizes 0, 1, n-1 and n are evaluated whole. The others are strata of random coalitions in
/// pairs with their complements, drawn without replacement, in proportion to what a size weighs in the index;
/// a size that is due more than it has is taken whole. What is sampled is the difference to games of players,
/// pairs and a constant for every size, whose interactions are known, fitted by ridge regression (regression
/// adjustment, Witter et al. 2025): a coalition is compared with the fit to nine tenths of the others that
/// does not see it, so that a poor fit costs precision, not truth. A budget of 2^n or more enumerates.
///
/// A pair of coalitions is one unit; `units` leaves out the sizes that were taken whole. Options mean what
/// they do in samplers.hpp, where the precision is that of the pairs. Additive games are exact, and games of
/// players and pairs once there are more coalitions than pairs. Stopped early, sizes that were not seen count
/// as the fit says. Time O(n^2) an evaluation, and for the fits, which an observer or a precision asks for
/// again and again, some 200 times as much; three folds in place of ten where that is long. Memory
/// O(n^2 + budget n). The least budget is 2n + 6, or 2^n where that is less.
template <class G>
InteractionResult sample_interactions(const G& game, InteractionIndex index,
                                      const SolverOptions& options = {}, const Executor& executor = Serial{});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/interactions.hpp>
#endif

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/interactions_sampled.hpp>
#endif
