// SPDX-License-Identifier: MIT
// LIME (Ribeiro et al. 2016): a linear model of the masked-input game around the input.
//
//     auto why = regard::explain(model, "a gripping , funny film", regard::lime{.samples = 1000});
//
// The text explainer of the authors' package, with these differences: players are tokens at their places, not
// words of a bag; they are hidden as the masked-input game hides them ([MASK] for a text, absent for an
// image), not deleted; all players are features, none is selected; 512 samples by default where theirs are
// 5000. An image is sampled in the same way.
#pragma once

#include <regard/attribution/masked_input_game.hpp>

#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {

/// Values are the coefficients of a ridge regression with intercept on `samples` coalitions z. The first is
/// the input itself; of each other the number of hidden players is uniform on 1, ..., n, and then the subset.
/// A sample with s of n players visible weighs exp(-d^2 / (2 kernel_width^2)), d = 100 (1 - sqrt(s / n)) the
/// cosine distance between z and the input. Sample k draws from RandomStream(seed, k). A coalition that comes
/// again is evaluated once and counts again. The values need not add up to v(N) - v(empty).
struct lime {
  PlayerUnit players = PlayerUnit::tokens;
  Masking masking = Masking::automatic;
  ValueFunction value = ValueFunction::probability;
  Index samples = 512;      ///< the input itself included
  double kernel_width = 25; ///< greater than 0
  double ridge = 1;         ///< the penalty on squared coefficients, greater than 0
  Index super_patch = 1;
};

/// The regression alone: coefficients b of min over (a, b) of sum_k weights_k (values_k - a - sum_{i in z_k}
/// b_i)^2 + ridge sum b_i^2. Throws InvalidArgument when sizes differ, when a number is not finite, or when
/// `ridge` or the sum of weights is not greater than 0.
template <class Real = double>
std::vector<Real> lime_regression(std::span<const Coalition> samples, std::span<const double> values,
                                  std::span<const double> weights, double ridge);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/attribution/detail/lime.hpp>
#endif
