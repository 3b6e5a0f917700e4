// SPDX-License-Identifier: MIT
// Explainers that ask the model itself: Shapley values of the masked-input game, exact or sampled. They need
// many forward passes where the attention methods need one.
//
//     auto why = regard::explain(model, "a gripping , funny film", regard::shapley_input{});
//     auto sampled = regard::explain(model, long_text, regard::kernel_shap_input{.samples = 2048});
#pragma once

#include <regard/attribution/masked_input_game.hpp>
#include <regard/attribution/players.hpp>

namespace regard::inline REGARD_ABI {

/// How the game is solved.
enum class InputSolver {
  exact,       ///< enumeration: the Shapley-Input baseline of arXiv 2508.08966
  kernel,      ///< KernelSHAP (Lundberg and Lee 2017)
  permutation, ///< antithetic pairs of permutations
  partition,   ///< Owen values over a tree of neighbouring tokens, as `shap` runs on text by default, or over
               ///< halves of an image
};

/// An explainer over the masked-input game, and its options.
struct InputMethod {
  InputSolver solver = InputSolver::exact;
  PlayerUnit players = PlayerUnit::tokens;
  Masking masking = Masking::automatic;
  ValueFunction value = ValueFunction::probability;
  Index samples = 512;    ///< the most game evaluations; without effect on `exact`
  double precision = 0;   ///< of `kernel` and `permutation`: see SolverOptions; 0 spends all samples
  Index max_players = 15; ///< the most players of `exact`, which evaluates 2^players coalitions
  Index super_patch = 1;  ///< images: a player is a block of that many patches in each direction
};

namespace detail {
template <InputSolver Solver>
struct NamedInputMethod {
  PlayerUnit players = PlayerUnit::tokens;
  Masking masking = Masking::automatic;
  ValueFunction value = ValueFunction::probability;
  Index samples = 512;
  double precision = 0;
  Index max_players = 15;
  Index super_patch = 1;

  operator InputMethod() const {
    return {Solver, players, masking, value, samples, precision, max_players, super_patch};
  }
};
} // namespace detail

// The four by name, with the fields of InputMethod as options.

/// The Shapley values of the masked-input game, by enumeration.
using shapley_input = detail::NamedInputMethod<InputSolver::exact>;
/// KernelSHAP on the masked-input game.
using kernel_shap_input = detail::NamedInputMethod<InputSolver::kernel>;
/// Shapley values of the masked-input game, estimated by antithetic pairs of permutations.
using permutation_shap_input = detail::NamedInputMethod<InputSolver::permutation>;
/// Owen values of the masked-input game over a tree of neighbours.
using partition_shap_input = detail::NamedInputMethod<InputSolver::partition>;

} // namespace regard::inline REGARD_ABI
