// SPDX-License-Identifier: MIT
// Body of evaluation/faithfulness.hpp.
#pragma once

#include <regard/core/random.hpp>
#include <regard/evaluation/faithfulness.hpp>
#include <regard/evaluation/statistics.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// The ranking of scores that fit the predictions.
REGARD_LAZY
std::vector<Index> rank_for(const MaskedPredictions& predictions, std::span<const double> scores) {
  if (scores.size() != predictions.players() || scores.empty())
    throw InvalidArgument("scores: found " + std::to_string(scores.size()) + ", expected one for each of " +
                          std::to_string(predictions.players()) + " players, and at least one");
  return rank_descending(scores);
}

/// Positions by |score|, the smallest first, ties by position.
REGARD_LAZY
std::vector<Index> rank_by_magnitude(std::span<const double> scores) {
  std::vector<double> negative(scores.size());
  for (Index i = 0; i < scores.size(); ++i)
    negative[i] = -std::abs(scores[i]);
  return rank_descending(negative);
}

REGARD_LAZY
MutableCoalition top_percent(std::span<const Index> ranking, Index percent) {
  return top_players(ranking, top_count(ranking.size(), percent));
}
REGARD_LAZY
MutableCoalition without_top(std::span<const Index> ranking, Index percent) {
  return complement_of(top_percent(ranking, percent));
}

/// How many players are changed after each step, 0 and all of them included.
REGARD_LAZY
std::vector<Index> step_counts(Index players, Index steps) {
  if (steps == 0)
    throw InvalidArgument("steps: found 0, expected at least 1");
  steps = std::min(steps, players);
  std::vector<Index> counts;
  for (Index j = 0; j <= steps; ++j)
    counts.push_back((players * j + steps - 1) / steps);
  return counts;
}

/// The first players of an order visible, or hidden, step by step.
REGARD_LAZY
std::vector<MutableCoalition> stepwise(std::span<const Index> order, Index steps, bool hide) {
  std::vector<MutableCoalition> coalitions;
  for (const Index count : step_counts(order.size(), steps)) {
    coalitions.push_back(top_players(order, count));
    if (hide)
      coalitions.back() = complement_of(coalitions.back());
  }
  return coalitions;
}

REGARD_LAZY
PerturbationCurve curve(MaskedPredictions& predictions, std::span<const Index> order, Index target,
                        Index steps, bool hide) {
  const std::vector<MutableCoalition> coalitions = stepwise(order, steps, hide);
  predictions.evaluate(coalitions);
  PerturbationCurve result;
  const auto players = static_cast<double>(order.size());
  for (const Index count : step_counts(order.size(), steps))
    result.fraction.push_back(static_cast<double>(count) / players);
  for (const MutableCoalition& coalition : coalitions)
    result.probability.push_back(predictions.probability(coalition, target));
  result.area = trapezoid_area(result.fraction, result.probability);
  return result;
}

/// 1 / divisor * sum over the percentages of p(full) - p(part(k)).
template <class Part>
double mean_drop(MaskedPredictions& predictions, Index target, std::span<const Index> percentages,
                 AopcDivisor divisor, Part part) {
  if (percentages.empty())
    throw InvalidArgument("percentages: found none, expected at least one");
  std::vector<MutableCoalition> coalitions{MutableCoalition::full(predictions.players())};
  for (const Index percent : percentages)
    coalitions.push_back(part(percent));
  predictions.evaluate(coalitions);
  const double full = predictions.probability(coalitions.front(), target);
  double sum = 0;
  for (Index k = 1; k < coalitions.size(); ++k)
    sum += full - predictions.probability(coalitions[k], target);
  return sum / static_cast<double>(percentages.size() + (divisor == AopcDivisor::reference ? 1 : 0));
}

} // namespace detail

template <class Lazy>
double comprehensiveness(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                         std::span<const Index> percentages, AopcDivisor divisor) {
  const auto ranking = detail::rank_for(predictions, scores);
  return detail::mean_drop(predictions, target, percentages, divisor,
                           [&](Index percent) { return detail::without_top(ranking, percent); });
}

template <class Lazy>
double sufficiency(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                   std::span<const Index> percentages, AopcDivisor divisor) {
  const auto ranking = detail::rank_for(predictions, scores);
  return detail::mean_drop(predictions, target, percentages, divisor,
                           [&](Index percent) { return detail::top_percent(ranking, percent); });
}

template <class Lazy>
Index kept_label(MaskedPredictions& predictions, std::span<const double> scores, Index percentage) {
  return predictions.label(detail::top_percent(detail::rank_for(predictions, scores), percentage));
}

template <class Lazy>
double log_odds(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                Index percentage) {
  const MutableCoalition rest = detail::without_top(detail::rank_for(predictions, scores), percentage);
  return predictions.log_probability(rest, target) -
         predictions.log_probability(MutableCoalition::full(predictions.players()), target);
}

template <class Lazy>
PerturbationCurve deletion_curve(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                                 Index steps) {
  return detail::curve(predictions, detail::rank_for(predictions, scores), target, steps, true);
}

template <class Lazy>
PerturbationCurve insertion_curve(MaskedPredictions& predictions, std::span<const double> scores,
                                  Index target, Index steps) {
  return detail::curve(predictions, detail::rank_for(predictions, scores), target, steps, false);
}

template <class Lazy>
Monotonicity monotonicity(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                          Index steps) {
  detail::rank_for(predictions, scores);
  const PerturbationCurve curve =
      detail::curve(predictions, detail::rank_by_magnitude(scores), target, steps, false);
  Index rising = 0;
  for (Index j = 1; j < curve.probability.size(); ++j)
    rising += curve.probability[j] >= curve.probability[j - 1] ? 1 : 0;
  const Index count = curve.probability.size() - 1;
  return {rising == count, static_cast<double>(rising) / static_cast<double>(count)};
}

template <class Lazy>
std::vector<MutableCoalition> faithfulness_inputs(std::span<const double> scores,
                                                  const FaithfulnessOptions& options) {
  const std::vector<Index> ranking = rank_descending(scores);
  std::vector<MutableCoalition> coalitions{MutableCoalition::full(scores.size()),
                                           detail::top_percent(ranking, options.kept_percentage)};
  for (const auto* percentages : {&options.percentages, &options.aopc_percentages})
    for (const Index percent : *percentages) {
      coalitions.push_back(detail::without_top(ranking, percent));
      coalitions.push_back(detail::top_percent(ranking, percent));
    }
  if (options.log_odds_percentage > 0)
    coalitions.push_back(detail::without_top(ranking, options.log_odds_percentage));
  const auto add = [&](std::vector<MutableCoalition> steps) {
    std::move(steps.begin(), steps.end(), std::back_inserter(coalitions));
  };
  if (options.curve_steps > 0) {
    add(detail::stepwise(ranking, options.curve_steps, true));
    add(detail::stepwise(ranking, options.curve_steps, false));
  }
  if (options.monotonicity_steps > 0)
    add(detail::stepwise(detail::rank_by_magnitude(scores), options.monotonicity_steps, false));
  return coalitions;
}

template <class Lazy>
Faithfulness faithfulness(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                          const FaithfulnessOptions& options) {
  detail::rank_for(predictions, scores);
  predictions.evaluate(faithfulness_inputs(scores, options));
  Faithfulness result;
  result.comprehensiveness =
      comprehensiveness(predictions, scores, target, options.percentages, options.divisor);
  result.sufficiency = sufficiency(predictions, scores, target, options.percentages, options.divisor);
  result.kept_label = kept_label(predictions, scores, options.kept_percentage);
  if (!options.aopc_percentages.empty()) {
    result.aopc_comprehensiveness =
        comprehensiveness(predictions, scores, target, options.aopc_percentages, AopcDivisor::terms);
    result.aopc_sufficiency =
        sufficiency(predictions, scores, target, options.aopc_percentages, AopcDivisor::terms);
  }
  if (options.log_odds_percentage > 0)
    result.log_odds = log_odds(predictions, scores, target, options.log_odds_percentage);
  if (options.curve_steps > 0) {
    result.deletion_area = deletion_curve(predictions, scores, target, options.curve_steps).area;
    result.insertion_area = insertion_curve(predictions, scores, target, options.curve_steps).area;
  }
  if (options.monotonicity_steps > 0)
    result.monotonicity = monotonicity(predictions, scores, target, options.monotonicity_steps);
  return result;
}

template <class Lazy>
std::vector<MutableCoalition> infidelity_inputs(Index players, const InfidelityOptions& options) {
  std::vector<MutableCoalition> coalitions;
  if (players == 0)
    return coalitions;
  RandomStream random(options.seed, options.item);
  std::vector<Index> order(players);
  std::iota(order.begin(), order.end(), Index{0});
  for (Index draw = 0; draw < options.draws; ++draw) {
    const Index hidden = 1 + random.below(players);
    for (Index i = 0; i < hidden; ++i)
      std::swap(order[i], order[i + random.below(players - i)]);
    coalitions.push_back(complement_of(top_players(order, hidden)));
  }
  return coalitions;
}

template <class Lazy>
double infidelity(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                  const InfidelityOptions& options) {
  detail::rank_for(predictions, scores);
  if (options.draws == 0)
    throw InvalidArgument("draws: found 0, expected at least 1");
  std::vector<MutableCoalition> coalitions = infidelity_inputs(scores.size(), options);
  coalitions.push_back(MutableCoalition::full(scores.size()));
  predictions.evaluate(coalitions);
  const double full = predictions.probability(coalitions.back(), target);
  std::vector<double> said, seen;
  double product = 0, square = 0;
  for (Index draw = 0; draw < options.draws; ++draw) {
    double sum = 0;
    for (Index i = 0; i < scores.size(); ++i)
      sum += coalitions[draw].contains(i) ? 0 : scores[i];
    said.push_back(sum);
    seen.push_back(full - predictions.probability(coalitions[draw], target));
    product += said.back() * seen.back();
    square += sum * sum;
  }
  const double beta = options.scaled && square > 0 ? product / square : 1;
  double total = 0;
  for (Index draw = 0; draw < options.draws; ++draw)
    total += (beta * said[draw] - seen[draw]) * (beta * said[draw] - seen[draw]);
  return total / static_cast<double>(options.draws);
}

} // namespace regard::inline REGARD_ABI
