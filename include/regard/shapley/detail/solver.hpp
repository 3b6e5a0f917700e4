// SPDX-License-Identifier: MIT
// Body of shapley/solver.hpp.
#pragma once

#include <regard/shapley/detail/evaluate.hpp>
#include <regard/shapley/solver.hpp>

namespace regard::inline REGARD_ABI {
namespace detail {

template <class G>
ShapleyResult closed_form(const G& game) {
  const Index players = game.players();
  ShapleyResult result;
  result.values = game.shapley_values();
  if (result.values.size() != players)
    throw InvalidArgument("the closed form of a game of " + std::to_string(players) + " players: found " +
                          std::to_string(result.values.size()) + " values, expected one a player");
  for (Index player = 0; player < players; ++player)
    if (!std::isfinite(result.values[player]))
      throw InvalidArgument("the closed form's value of player " + std::to_string(player) + ": found " +
                            number_text(result.values[player]) + ", expected a finite number");
  result.value_empty = evaluate(game, MutableCoalition(players));
  result.value_full = evaluate(game, MutableCoalition::full(players));
  result.completeness_gap = completeness_gap(result);
  result.solver = "closed-form";
  return result;
}

/// Regression needs a few observations a player; before that, orders are the better use of the budget.
template <class G>
ShapleyResult sample_best(const G& game, const SolverOptions& options, const Executor& executor) {
  const Index players = game.players();
  if (options.budget < 5 * players && options.budget >= 2 * players)
    return permutation_sampling(game, options, executor);
  return leverage_shap(game, options, executor);
}

} // namespace detail

template <class G>
ShapleyResult shapley(const G& game) {
  require_game<G>();
  if constexpr (ClosedFormGame<G>)
    return detail::closed_form(game);
  else
    return enumerate(game);
}

template <class G>
ShapleyResult shapley(const G& game, const SolverOptions& options, const Executor& executor) {
  require_game<G>();
  detail::check(options);
  switch (options.solver) {
  case Solver::automatic:
    if constexpr (ClosedFormGame<G>)
      return detail::closed_form(game);
    if (game.players() <= max_enumerated_players && (Index{1} << game.players()) <= options.budget)
      return enumerate(game, options, executor);
    return detail::sample_best(game, options, executor);
  case Solver::closed_form:
    if constexpr (ClosedFormGame<G>)
      return detail::closed_form(game);
    throw InvalidArgument("solver: found 'closed-form' for a game that offers none, expected another");
  case Solver::exact:
    return enumerate(game, options, executor);
  case Solver::permutation:
    return permutation_sampling(game, options, executor);
  case Solver::stratified:
    return stratified_sampling(game, options, executor);
  case Solver::self_normalised:
    return self_normalised_sampling(game, options, executor);
  case Solver::kernel:
    return kernel_shap(game, options, executor);
  case Solver::unbiased_kernel:
    return unbiased_kernel_shap(game, options, executor);
  case Solver::leverage:
    return leverage_shap(game, options, executor);
  case Solver::authors_random:
    return authors_random_sampling(game, options, executor);
  case Solver::authors_kernel:
    return authors_kernel_sampling(game, options, executor);
  }
  throw InvalidArgument("solver: found number " + std::to_string(static_cast<int>(options.solver)) +
                        ", expected one of Solver");
}

} // namespace regard::inline REGARD_ABI
