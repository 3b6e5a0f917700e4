// SPDX-License-Identifier: MIT
// Baselines from the gradient of the target's logit with respect to the input.
//
//     auto why = regard::explain(model, "a gripping , funny film", regard::integrated_gradients{});
//     why.completeness_gap; // f(x) - f(baseline) - sum of the values
//
// The input x of a text is its embedded tokens, the sum of word, position and token-type embeddings after
// their LayerNorm: what enters the first block. The input of an image is its normalised pixels. A token's (a
// patch's) score is the sum over its embedding (its pixels); special tokens are held as they are. Scores of
// words and of blocks of patches are sums. The logit is explained whatever the model makes of it.
#pragma once

#include <regard/attribution/masked_input_game.hpp>

namespace regard::inline REGARD_ABI {

/// score = sum x df/dx. The values add up to the logit minus the logit with all players' inputs 0 where f is
/// linear in them; elsewhere a gap is left.
struct input_x_gradient {
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

/// Integrated gradients (Sundararajan et al. 2017): score = sum (x - x') * the mean of df/dx on the straight
/// path from the baseline x' to x, by Gauss-Legendre quadrature. The completeness gap is the quadrature's
/// error. Path points are taken in ragged batches, so that memory does not grow with them.
struct integrated_gradients {
  Index points = 50; ///< of the quadrature
  /// What x' is. Text: `mask` (default), every player's id replaced by [MASK], or `zero`, embedded tokens of
  /// zero. Image: `zero` (default), `mean` or `blur`, as MaskedInputOptions says.
  Masking baseline = Masking::automatic;
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

/// SmoothGrad (Smilkov et al. 2017), times the input: score = sum x * the mean of df/dx at x + noise, over
/// independent draws of Gaussian noise with a standard deviation of `noise` * (max x - min x). Comes with
/// standard errors over the draws. Noise k is RandomStream(seed, k), row by row over the players' tokens, or
/// over all pixels.
struct smooth_grad {
  Index draws = 25;
  double noise = 0.1; ///< as a share of the range of the players' embedded tokens, or of the pixels
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

} // namespace regard::inline REGARD_ABI
