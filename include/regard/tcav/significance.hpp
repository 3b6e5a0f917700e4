// SPDX-License-Identifier: MIT
// Is a concept's score more than chance? Tests on TCAV scores, corrections for many of them, effect size.
//
//     const auto test = regard::random_concept_test(score, random_concept_scores);
//     if (test.status == regard::TestStatus::tested)
//       use(*test.p_value, *test.effect_size);
//
// Believe `random_concept_test`. The R scores of one concept share their positive examples, so they are no
// independent sample of anything; the tests that treat them as one call random concepts significant in most
// runs (docs/concepts.md has the rates). They are here because they are what the literature used.
#pragma once

#include <regard/tensor.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// Why there is a p-value, or none. None of these is an error.
enum class TestStatus {
  tested,
  no_random,  ///< no random inputs were given
  few_random, ///< too few of them for 30 random concepts of the concept's size
  few_scores, ///< fewer than two scores where a spread is needed
  saturated,  ///< all scores (or all random ones) are equal: no spread to compare with, whatever the distance
};

/// "tested", "no_random", "few_random", "few_scores" or "saturated".
std::string_view to_string(TestStatus status);

/// A two-sided test.
struct TestResult {
  std::optional<double> p_value;   ///< none unless `tested`
  std::optional<double> statistic; ///< t, or the difference of means for the permutation test
  std::optional<double> degrees_of_freedom;
  std::optional<double> effect_size; ///< Cohen's d: the difference in standard deviations
  TestStatus status = TestStatus::tested;
};

/// P(|T| >= |t|) for Student's t distribution; relative error below 1e-10. Throws InvalidArgument unless
/// degrees_of_freedom > 0.
double student_t_p_value(double t, double degrees_of_freedom);

/// The default: a concept's mean score m against the mean scores of K random concepts, each scored just as
/// the concept: t = (m - mean) / (sd sqrt(1 + 1/K)) with K - 1 degrees of freedom, m being one more draw from
/// the same distribution under the null hypothesis.
///
/// Random concepts of n inputs each that were drawn from a pool of N, and overlap, spread less than
/// concepts at large: with f = n / N the sum is (1 + f) / (1 - f) + 1/K.
/// @param overlap  f: 0 when the random concepts are disjoint, less than 1
/// Status few_random where K < 30.
TestResult random_concept_test(double score, std::span<const double> random_scores, double overlap = 0);

/// The test of the TTCAV authors: t-test of a concept's R scores against 0.5. Not calibrated: see above.
TestResult one_sample_test(std::span<const double> scores, double expected = 0.5);

/// The test of Kim et al. (2018) as their code has it: Student's t with pooled variance between a concept's
/// R scores and the scores of random CAVs. Not calibrated: see above.
TestResult two_sample_test(std::span<const double> scores, std::span<const double> random_scores);

/// The same without assuming equal variances (Welch 1947). Not calibrated: see above.
TestResult welch_test(std::span<const double> scores, std::span<const double> random_scores);

/// The same by permuting which score belongs to whom: p = (1 + permutations with at least this difference of
/// means) / (1 + permutations). It assumes that the scores are exchangeable one by one, which they are not.
/// Not calibrated: see above.
TestResult permutation_test(std::span<const double> scores, std::span<const double> random_scores,
                            Index permutations = 10000, std::uint64_t seed = 0);

/// What to do about many tests: nothing, or control the chance of any false alarm among them.
enum class Correction {
  none,
  holm,       ///< Holm (1979): as safe as Bonferroni and never weaker
  bonferroni, ///< p times the number of tests
};

/// "none", "holm" or "bonferroni".
std::string_view to_string(Correction correction);

/// Adjusted p-values, at most 1; tests without a p-value do not count.
std::vector<std::optional<double>> adjust(std::span<const std::optional<double>> p_values,
                                          Correction correction = Correction::holm);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/tcav/detail/significance.hpp>
#endif
