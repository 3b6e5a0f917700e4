// SPDX-License-Identifier: MIT
// Does an explanation depend on what it should, and not on what it should not? On the model's weights
// (parameter randomisation), and not on noise that no one sees (max-sensitivity). Both repeat the explanation
// many times: they are for methods that cost a pass or two.
//
//     const double jitter = regard::max_sensitivity(model, input, method, why);
//     const auto cascade = regard::randomised_cascade(model.classifier(), 0);
//     const auto similar = regard::parameter_randomisation<float>(model, cascade, input, method, why);
#pragma once

#include <regard/attribution/explain.hpp>
#include <regard/evaluation/altered_model.hpp>
#include <regard/evaluation/statistics.hpp>

namespace regard::inline REGARD_ABI {

/// How inputs are disturbed.
struct SensitivityOptions {
  double radius = 0.02; ///< of the ball in the maximum norm; see InputNoise for what it is added to
  Index draws = 10;
  std::uint64_t seed = 0;
};

/// Max-sensitivity (Yeh et al. 2019): the largest ||a(x + noise) - a(x)|| / ||a(x)|| over the draws, a being
/// the values and the norms Euclidean; divided by 1 where ||a(x)|| is 0. The target is that of `why`.
/// @param why  what `explain` gives for the same input, method and seed
/// Throws InvalidArgument without draws, or for an explanation of another input.
template <class Model, class Input>
double max_sensitivity(const Model& model, const Input& input, const Method& method, const Explanation& why,
                       const SensitivityOptions& options = {}, const Executor& executor = Serial{});

/// How explanations of different models are compared.
struct RandomisationOptions {
  bool absolute = true; ///< compare |values|, as Quantus does, or the signed values that rank players
};

/// Parameter randomisation (Adebayo et al. 2018): Spearman's correlation of the values with those of models
/// whose weights were drawn anew, one for each stage of the cascade. 1 means that the explanation does not
/// care what the model has learnt; lower is better. None where one side ties or the input has one player.
/// The target is that of `why`.
/// @param cascade  from `randomised_cascade`
template <class Scalar, class Model, class Input>
std::vector<std::optional<double>>
parameter_randomisation(const Model& model, std::span<const SequenceClassifier<Scalar>> cascade,
                        const Input& input, const Method& method, const Explanation& why,
                        const RandomisationOptions& options = {}, const Executor& executor = Serial{});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/evaluation/detail/sanity.hpp>
#endif
