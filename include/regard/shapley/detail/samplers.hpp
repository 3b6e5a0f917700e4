// SPDX-License-Identifier: MIT
// Body of shapley/samplers.hpp.
#pragma once

#include <regard/shapley/detail/kernel.hpp>
#include <regard/shapley/detail/neighbours.hpp>
#include <regard/shapley/detail/permutation.hpp>
#include <regard/shapley/samplers.hpp>

namespace regard::inline REGARD_ABI {
namespace detail {

/// Runs Estimator(players, seed, more...) on a game of more than `few` players, enumerates one of fewer.
template <class Estimator, class G, class... More>
ShapleyResult sample(const G& game, const SolverOptions& options, const Executor& executor, Solver solver,
                     Index few, More... more) {
  require_game<G>();
  check(options);
  const Index players = game.players();
  if (players <= few)
    return enumerate_few(game, options, executor, solver);
  Estimator estimator(players, options.seed, more...);
  return run_units(game, estimator, options, executor, solver);
}

} // namespace detail

template <class G>
ShapleyResult permutation_sampling(const G& game, const SolverOptions& options, const Executor& executor) {
  return detail::sample<detail::PermutationEstimator<>>(game, options, executor, Solver::permutation, 2);
}

template <class G>
ShapleyResult stratified_sampling(const G& game, const SolverOptions& options, const Executor& executor) {
  return detail::sample<detail::StratifiedEstimator<>>(game, options, executor, Solver::stratified, 2);
}

template <class G>
ShapleyResult self_normalised_sampling(const G& game, const SolverOptions& options,
                                       const Executor& executor) {
  return detail::sample<detail::SelfNormalisedEstimator<>>(game, options, executor, Solver::self_normalised,
                                                           2);
}

template <class G>
ShapleyResult kernel_shap(const G& game, const SolverOptions& options, const Executor& executor) {
  return detail::sample<detail::KernelEstimator<double>>(game, options, executor, Solver::kernel, 2,
                                                         options.budget);
}

template <class G>
ShapleyResult unbiased_kernel_shap(const G& game, const SolverOptions& options, const Executor& executor) {
  return detail::sample<detail::UnbiasedKernelEstimator<>>(game, options, executor, Solver::unbiased_kernel,
                                                           2);
}

template <class G>
ShapleyResult leverage_shap(const G& game, const SolverOptions& options, const Executor& executor) {
  return detail::sample<detail::LeverageEstimator<double>>(game, options, executor, Solver::leverage, 2);
}

template <class G>
ShapleyResult authors_random_sampling(const G& game, const SolverOptions& options, const Executor& executor) {
  return detail::sample<detail::AuthorsEstimator<>>(game, options, executor, Solver::authors_random, 0,
                                                    false);
}

template <class G>
ShapleyResult authors_kernel_sampling(const G& game, const SolverOptions& options, const Executor& executor) {
  return detail::sample<detail::AuthorsEstimator<>>(game, options, executor, Solver::authors_kernel, 0, true);
}

} // namespace regard::inline REGARD_ABI
