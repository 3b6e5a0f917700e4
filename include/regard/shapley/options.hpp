// SPDX-License-Identifier: MIT
// What a solver is told: which one, how much it may evaluate, how precise to be, whom to tell of its
// progress.
//
//     regard::SolverOptions options{.solver = regard::Solver::permutation, .budget = 2000, .seed = 7};
//     options.observer = [](const regard::Progress& p) { show(p.evaluations, p.budget); };
//     const auto result = regard::shapley(game, options);
#pragma once

#include <regard/tensor.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace regard::inline REGARD_ABI {

/// The solvers. All but the last two estimate the Shapley value; those two repeat what the code that came
/// with arXiv 2508.08966 does, for comparison with it, and are not estimates of it.
enum class Solver {
  automatic,       ///< the closed form, else enumeration within the budget, else sampling
  closed_form,     ///< what the game knows
  exact,           ///< enumeration, whatever the budget
  permutation,     ///< random orders in antithetic pairs
  stratified,      ///< coalitions of uniform size and their neighbours
  self_normalised, ///< uniform coalitions and their neighbours, reweighted
  kernel,          ///< KernelSHAP: regression on coalitions drawn by the Shapley kernel
  unbiased_kernel, ///< KernelSHAP with the exact matrix
  leverage,        ///< regression on distinct coalitions of uniform size
  authors_random,  ///< the authors' "random" sampler
  authors_kernel,  ///< the authors' "kernel_shap" sampler
};

/// A solver and the name that programs know it by.
struct SolverName {
  Solver solver;
  std::string_view name;
};

/// All solvers by name.
inline constexpr std::array<SolverName, 11> solver_names{{
    {Solver::automatic, "auto"},
    {Solver::closed_form, "closed-form"},
    {Solver::exact, "exact"},
    {Solver::permutation, "permutation"},
    {Solver::stratified, "stratified"},
    {Solver::self_normalised, "self-normalised"},
    {Solver::kernel, "kernel"},
    {Solver::unbiased_kernel, "unbiased-kernel"},
    {Solver::leverage, "leverage"},
    {Solver::authors_random, "authors-random"},
    {Solver::authors_kernel, "authors-kernel"},
}};

/// The solver's name in `solver_names`.
constexpr std::string_view to_string(Solver solver) {
  for (const SolverName& known : solver_names)
    if (known.solver == solver)
      return known.name;
  return "unknown";
}

/// The solver of that name. Throws InvalidArgument with all names where there is none.
REGARD_LAZY Solver solver_named(std::string_view name);

/// How far a solver has come.
struct Progress {
  Index evaluations = 0;                    ///< coalitions evaluated so far
  Index budget = 0;                         ///< how many it may evaluate at most
  std::optional<double> max_standard_error; ///< the largest among the players; none while it is not known
};

/// How to solve. The result depends on `solver`, `budget`, `seed` and `precision` alone: neither the size of
/// batches nor the number of threads changes a bit of it.
struct SolverOptions {
  Solver solver = Solver::automatic; ///< read by `shapley` alone

  /// The most coalitions to evaluate, the empty and the full one included.
  Index budget = 4096;

  /// Of everything that is drawn. Unit i draws from RandomStream(seed, i).
  std::uint64_t seed = 0;

  /// Stop as soon as the largest standard error is below this fraction of the range of the values, max phi -
  /// min phi (Covert and Lee 2021); 0 spends the whole budget. Looked at after units 1, 2, 3, 4, 5, 6, 7, 8,
  /// 10, 12, 15, ... (a quarter more each time), and believed from `few_units` on.
  double precision = 0;

  /// The most coalitions in one call of a game's `values`, and in one item of a parallel loop.
  Index batch_size = 64;

  /// Ends the solver with what is known so far.
  std::stop_token stop = {};

  /// Called from the calling thread whenever the precision is looked at, and at the end.
  std::function<void(const Progress&)> observer = {};
};

/// Standard errors that rest on fewer degrees of freedom than this make a result `few_samples`.
inline constexpr Index few_units = 30;

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/options.hpp>
#endif
