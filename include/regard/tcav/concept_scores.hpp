// SPDX-License-Identifier: MIT
// From CAVs and pooled gradients to results: scores, their spread, whether they are more than chance.
//
//     const auto cavs = regard::train_cavs<float>(classifier, concepts, random, {}, threads);
//     const auto pooled = regard::pooled_gradients(classifier, targets, {.target = zebra}, threads);
//     for (const auto& result : regard::concept_scores(cavs, pooled))
//       use(result.concept_name, result.layer, result.mean, result.p_adjusted, result.status());
#pragma once

#include <regard/tcav/cavs.hpp>
#include <regard/tcav/concept_score.hpp>
#include <regard/tcav/derivatives.hpp>

namespace regard::inline REGARD_ABI {

/// How scores are tested.
struct ScoreOptions {
  SignificanceTest test = SignificanceTest::random_concepts;
  Correction correction = Correction::holm; ///< over all concepts and layers
  Index permutations = 10000;               ///< of the permutation test
};

/// Scores of all sets, in their order. A set without a direction scores 0 and is not tested
/// (`no_direction`).
/// Throws InvalidArgument when the gradients are of another model (layers, width) or there are none.
REGARD_LAZY std::vector<ConceptScore> concept_scores(const Cavs& cavs, const PooledGradients& pooled,
                                                     const ScoreOptions& options = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/tcav/detail/concept_scores.hpp>
#endif
