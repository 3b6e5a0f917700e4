// SPDX-License-Identifier: MIT
// Shapley values estimated from samples, with standard errors.
//
//     const auto result = regard::leverage_shap(game, {.budget = 2000, .seed = 1});
//     use(result.values, result.standard_errors, result.status);
//
// All take a game, options and an executor, and return a ShapleyResult:
//
// - The budget counts evaluated coalitions, the empty and the full one included; it is never exceeded. The
//   least that a solver can do anything with is stated in the InvalidArgument that refuses less.
// - Standard errors are over independent units, stated in `units`; with degrees_of_freedom they make
// Student's
//   intervals (confidence.hpp). A result with less than `few_units` - 1 degrees says `few_samples`; one
//   without any to spare has no standard errors.
// - Games of at most two players are enumerated.
// - The same seed gives the same bits on any number of threads and with any size of batch. On an executor
// with
//   several workers the game is called by several threads at once.
// - A value that is not finite ends in InvalidArgument, a game that throws in Error with what it threw
// nested;
//   both name the coalition.
// - A stop request ends with what the complete units say, `stopped`; before the first of them, that is an
// equal
//   share for everyone.
//
// Which one? `leverage` has the least error for its cost in most games; `kernel` is close and what others
// call KernelSHAP; `permutation` is unbiased, sums up exactly at any budget and is hard to fool.
// docs/solvers.md has the measurements.
#pragma once

#include <regard/core/executor.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/options.hpp>
#include <regard/shapley/result.hpp>

namespace regard::inline REGARD_ABI {

/// Mean marginal contributions over random orders (Castro et al. 2009), each with its reverse (antithetic
/// pairs, Mitchell et al. 2022): exact for games of pairs. Unbiased; complete (no gap) at any budget.
/// A unit is a pair of orders, 2 (n - 1) evaluations. Memory O(n).
template <class G>
ShapleyResult permutation_sampling(const G& game, const SolverOptions& options = {},
                                   const Executor& executor = Serial{});

/// Mean marginal contributions to coalitions of uniform size: a coalition z of a size uniform on 0, ..., n,
/// and its complement, each with all of its neighbours, so that S = z without i has for every player i a size
/// uniform on 0, ..., n - 1. Unbiased; the completeness gap is left as it is.
/// A unit is a pair of coalitions, at most 2 (n + 1) evaluations. Memory O(n).
template <class G>
ShapleyResult stratified_sampling(const G& game, const SolverOptions& options = {},
                                  const Executor& executor = Serial{});

/// Marginal contributions to uniform coalitions and their complements, weighted by omega(s) =
/// 1 / (n C(n - 1, s)) and divided by the sum of weights. Consistent, with a bias of order 1 / units.
/// Coalitions of extreme size carry almost all of the weight and are hardly ever drawn: beyond some 15
/// players it is there for comparison alone. A unit is a pair of coalitions, at most 2 (n + 1) evaluations.
/// Memory O(n).
template <class G>
ShapleyResult self_normalised_sampling(const G& game, const SolverOptions& options = {},
                                       const Executor& executor = Serial{});

/// KernelSHAP (Lundberg and Lee 2017; paired as Covert and Lee 2021): least squares by the Shapley kernel
/// (n - 1) / (C(n, s) s (n - s)) under sum phi = v(N) - v(empty), which holds exactly. Sizes are taken whole
/// from the outside in while the budget's share covers them and their complements; coalitions are drawn from
/// the rest with their complements, and one that comes again counts again at no cost. There is no selection
/// of features. Exact when the budget is 2^n; else of a bias of order 1 / units. A unit is a pair of
/// complementary coalitions, at most 2 evaluations. Standard errors are a sandwich over the drawn pairs, with
/// residuals of the fit without them (HC3). Memory O(n^2 + budget n / 64) words.
template <class G>
ShapleyResult kernel_shap(const G& game, const SolverOptions& options = {},
                          const Executor& executor = Serial{});

/// KernelSHAP with the exact matrix of the regression (Covert and Lee 2021, section 4), in its closed form.
/// Unbiased; complete at any budget; noisier than `kernel_shap` where the game is close to additive.
/// A unit is a pair of complementary coalitions, 2 evaluations. Memory O(n).
template <class G>
ShapleyResult unbiased_kernel_shap(const G& game, const SolverOptions& options = {},
                                   const Executor& executor = Serial{});

/// Leverage SHAP (Musco and Witter 2024): the regression of `kernel_shap` on distinct pairs that are drawn
/// evenly from all sizes and reweighted to the kernel. Exact when the budget is 2^n; else of a bias of order
/// 1 / units.
/// A unit is a pair of complementary coalitions, 2 evaluations. Standard errors as in `kernel_shap`, by size
/// and for draws without replacement. Memory O(n^2 + budget n / 64) words.
template <class G>
ShapleyResult leverage_shap(const G& game, const SolverOptions& options = {},
                            const Executor& executor = Serial{});

/// The "random" sampler of the code that came with arXiv 2508.08966, for comparison: sum over `units` uniform
/// coalitions z of omega(|S|) (v(S + i) - v(S)), S = z without i. Its expectation is units / 2^(n - 1) times
/// the Shapley value. No standard errors. A unit is one coalition, at most n + 1 evaluations.
template <class G>
ShapleyResult authors_random_sampling(const G& game, const SolverOptions& options = {},
                                      const Executor& executor = Serial{});

/// Their "kernel_shap" sampler, for comparison: the same sum over the empty and the full coalition and over
/// coalitions of a size drawn by p(s) ~ 1 / (C(n, s) s (n - s)), with up to ten redraws of one that was there
/// before. It estimates nothing in particular. No standard errors; a unit as above.
template <class G>
ShapleyResult authors_kernel_sampling(const G& game, const SolverOptions& options = {},
                                      const Executor& executor = Serial{});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/samplers.hpp>
#endif
