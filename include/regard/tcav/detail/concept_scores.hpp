// SPDX-License-Identifier: MIT
// Body of tcav/concept_scores.hpp.
#pragma once

#include <regard/tcav/concept_scores.hpp>

#include <map>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Scores of the random CAVs: mean of each random concept, and all of them.
struct RandomScores {
  std::vector<double> means, all;
};

REGARD_LAZY
RandomScores score_random(const RandomCavs& random, const PooledGradients& pooled, Index layer) {
  const Index concepts = random.vectors.extent(0), resamples = random.vectors.extent(1);
  RandomScores scores;
  scores.all = tcav_scores(
      pooled, layer, random.vectors.view().reshape(Shape<2>{concepts * resamples, random.vectors.extent(2)}));
  for (Index k = 0; k < concepts; ++k)
    scores.means.push_back(moments(std::span(scores.all).subspan(k * resamples, resamples)).mean);
  return scores;
}

REGARD_LAZY
TestResult run_test(const ConceptScore& score, const CavSet& set, const RandomScores& random,
                    std::uint64_t seed, const ScoreOptions& options) {
  if (score.no_direction) // scores of what has no direction say nothing
    return untested(TestStatus::saturated);
  if (options.test == SignificanceTest::one_sample)
    return one_sample_test(score.scores);
  if (!set.random)
    return untested(set.random_status);
  switch (options.test) {
  case SignificanceTest::two_sample:
    return two_sample_test(score.scores, random.all);
  case SignificanceTest::welch:
    return welch_test(score.scores, random.all);
  case SignificanceTest::permutation:
    return permutation_test(score.scores, random.all, options.permutations, seed);
  default:
    return random_concept_test(score.mean, random.means, set.random->overlap);
  }
}

} // namespace detail

template <class Lazy>
std::vector<ConceptScore> concept_scores(const Cavs& cavs, const PooledGradients& pooled,
                                         const ScoreOptions& options) {
  std::vector<ConceptScore> results;
  std::map<std::pair<const RandomCavs*, Index>, detail::RandomScores> random; // concepts may share theirs
  std::vector<std::optional<double>> p_values;
  for (const CavSet& set : cavs.sets) {
    ConceptScore result;
    result.concept_name = set.concept_name;
    result.layer = set.layer;
    result.scores = tcav_scores(pooled, set.layer, set.vectors.view());
    const detail::Moments m = detail::moments(result.scores);
    result.mean = m.mean;
    result.deviation = result.scores.size() > 1 ? std::sqrt(m.variance()) : 0;
    if (!set.accuracies.empty())
      result.accuracy = detail::moments(set.accuracies).mean;
    result.chance = set.chance;
    result.negatives_exhausted = set.negatives_exhausted;
    result.no_direction = set.no_direction;
    result.not_converged = set.not_converged;
    detail::RandomScores none;
    detail::RandomScores& scores = set.random ? random[{set.random.get(), set.layer}] : none;
    if (set.random && scores.all.empty())
      scores = detail::score_random(*set.random, pooled, set.layer);
    result.random_scores = scores.means;
    result.test = detail::run_test(result, set, scores, cavs.seed, options);
    p_values.push_back(result.test.p_value);
    results.push_back(std::move(result));
  }
  const auto adjusted = adjust(p_values, options.correction);
  for (Index i = 0; i < results.size(); ++i)
    results[i].p_adjusted = adjusted[i];
  return results;
}

} // namespace regard::inline REGARD_ABI
