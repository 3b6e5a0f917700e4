// SPDX-License-Identifier: MIT
// What TCAV says of one concept in one block: plain numbers, which reports read.
#pragma once

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

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/tcav/detail/concept_score.hpp>
#endif
