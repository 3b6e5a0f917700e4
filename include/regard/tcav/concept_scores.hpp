// SPDX-License-Identifier: MIT
// From CAVs and pooled gradients to results: scores, their spread, whether they are more than chance.
//
//     const auto cavs = regard::train_cavs<float>(classifier, concepts, random, {}, threads);
//     const auto pooled = regard::pooled_gradients(classifier, targets, {.target = zebra}, threads);
//     for (const auto& result : regard::concept_scores(cavs, pooled))
//       use(result.concept_name, result.layer, result.mean, result.p_adjusted, result.status());
#pragma once

#include <regard/tcav/cavs.hpp>
#include <regard/tcav/derivatives.hpp>
#include <regard/tcav/significance.hpp>

#include <string>

namespace regard::inline REGARD_ABI {

/// Which test gives the p-values. Only the first one holds its level: see tcav/significance.hpp.
enum class SignificanceTest {
  random_concepts, ///< mean score against those of random concepts
  one_sample,      ///< R scores against 0.5: the TTCAV authors'. Not calibrated
  two_sample,      ///< R scores against all scores of random CAVs: Kim et al.'s. Not calibrated
  welch,           ///< the same with unequal variances. Not calibrated
  permutation,     ///< the same by permutations of single scores. Not calibrated
};

/// "random-concepts", "one-sample", "two-sample", "welch" or "permutation".
std::string_view to_string(SignificanceTest test);

/// The test of that name; nothing when there is none.
std::optional<SignificanceTest> find_significance_test(std::string_view name);

struct ScoreOptions {
  SignificanceTest test = SignificanceTest::random_concepts;
  Correction correction = Correction::holm; ///< over all concepts and layers
  Index permutations = 10000;               ///< of the permutation test
};

/// What is known of one concept in one block.
struct ConceptScore {
  std::string concept_name;
  Index layer = 0;
  std::vector<double> scores; ///< [resamples]: share of inputs with a positive derivative
  double mean = 0;
  double deviation = 0; ///< standard deviation (n - 1) of the scores; 0 for one
  TestResult test;
  std::optional<double> p_adjusted;
  std::optional<double> accuracy;    ///< mean held-out accuracy of the CAVs
  std::vector<double> random_scores; ///< mean score of each random concept

  bool chance = false, negatives_exhausted = false, no_direction = false, not_converged = false;

  /// What to know before believing the result, in this order and joined by commas: "no_direction",
  /// "not_converged", "chance", "not_validated" (no accuracy), "negatives_exhausted", and of the test
  /// "no_random", "few_random", "few_scores" or "saturated". "ok" where there is nothing.
  std::string status() const;
};

/// Scores of all sets, in their order. A set without a direction scores 0 and is not tested
/// (`no_direction`).
/// Throws InvalidArgument when the gradients are of another model (layers, width) or there are none.
std::vector<ConceptScore> concept_scores(const Cavs& cavs, const PooledGradients& pooled,
                                         const ScoreOptions& options = {});

} // namespace regard::inline REGARD_ABI

#include <regard/tcav/detail/concept_scores.hpp>
