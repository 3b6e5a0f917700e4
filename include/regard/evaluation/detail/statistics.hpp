// SPDX-License-Identifier: MIT
// Body of evaluation/statistics.hpp.
#pragma once

#include <regard/core/random.hpp>
#include <regard/evaluation/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

namespace regard::inline REGARD_ABI {

namespace detail {

REGARD_LAZY
void check_same_size(std::string_view what, Index a, Index b) {
  if (a != b)
    throw InvalidArgument(std::string(what) + ": found " + std::to_string(a) + " and " + std::to_string(b) +
                          " numbers, expected as many");
}

/// The quantile of sorted numbers, linear between them (numpy's default).
REGARD_LAZY
double quantile(std::span<const double> sorted, double probability) {
  const double place = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<Index>(place);
  const Index above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Ranks from 1, the smallest first; ties share their mean rank.
REGARD_LAZY
std::vector<double> mean_ranks(std::span<const double> values) {
  std::vector<Index> order(values.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (Index i = 0; i < order.size();) {
    Index end = i;
    while (end < order.size() && values[order[end]] == values[order[i]])
      ++end;
    const double rank = static_cast<double>(i + 1 + end) / 2;
    for (; i < end; ++i)
      ranks[order[i]] = rank;
  }
  return ranks;
}

REGARD_LAZY
void check_correlated(std::span<const double> a, std::span<const double> b) {
  check_same_size("correlation", a.size(), b.size());
  for (const auto& side : {a, b})
    for (const double value : side)
      if (!std::isfinite(value))
        throw InvalidArgument("correlation: found " + std::to_string(value) + ", expected finite numbers");
}

} // namespace detail

template <class Lazy>
Bootstrap::Bootstrap(Index inputs, const BootstrapOptions& options) : inputs_(inputs), options_(options) {
  if (options.resamples == 0)
    throw InvalidArgument("resamples: found 0, expected at least 1");
  if (!(options.level > 0 && options.level < 1))
    throw InvalidArgument("level: found " + std::to_string(options.level) +
                          ", expected a number between 0 and 1");
}

REGARD_INLINE std::vector<std::optional<Interval>>
Bootstrap::intervals(std::span<const Statistic> statistics) const {
  std::vector<std::vector<double>> found(statistics.size());
  std::vector<double> weights(inputs_);
  for (Index r = 0; inputs_ > 0 && r < options_.resamples; ++r) {
    std::fill(weights.begin(), weights.end(), 0);
    RandomStream random(options_.seed, r);
    for (Index i = 0; i < inputs_; ++i)
      weights[random.below(inputs_)] += 1;
    for (Index s = 0; s < statistics.size(); ++s)
      if (const auto value = statistics[s](weights))
        found[s].push_back(*value);
  }
  std::vector<std::optional<Interval>> result(statistics.size());
  const double outside = (1 - options_.level) / 2;
  for (Index s = 0; s < statistics.size(); ++s) {
    std::sort(found[s].begin(), found[s].end());
    if (!found[s].empty())
      result[s] = {detail::quantile(found[s], outside), detail::quantile(found[s], 1 - outside)};
  }
  return result;
}

template <class Lazy>
std::optional<Interval> Bootstrap::interval(const Statistic& statistic) const {
  return intervals(std::span(&statistic, 1)).front();
}

template <class Lazy>
std::optional<Interval> Bootstrap::mean(std::span<const std::optional<double>> values) const {
  if (values.size() != inputs_)
    throw InvalidArgument("values: found " + std::to_string(values.size()) + ", expected one for each of " +
                          std::to_string(inputs_) + " inputs");
  return interval(weighted_mean(values));
}

template <class Lazy>
std::optional<Interval> Bootstrap::mean(std::span<const double> values) const {
  return mean(std::vector<std::optional<double>>(values.begin(), values.end()));
}

template <class Lazy>
Bootstrap::Statistic weighted_mean(std::span<const std::optional<double>> values) {
  return [values](std::span<const double> weights) -> std::optional<double> {
    double sum = 0, count = 0;
    for (Index i = 0; i < values.size(); ++i)
      if (values[i]) {
        sum += weights[i] * *values[i];
        count += weights[i];
      }
    if (count == 0)
      return {};
    return sum / count;
  };
}

template <class Lazy>
std::optional<F1> f1_scores(std::span<const Index> predicted, std::span<const Index> actual,
                            std::span<const double> weights) {
  detail::check_same_size("labels", predicted.size(), actual.size());
  if (!weights.empty())
    detail::check_same_size("weights", weights.size(), actual.size());
  struct Counts {
    double right = 0, predicted = 0, actual = 0;
  };
  // Classes are few and small as a rule; labels beyond that are looked up.
  constexpr Index small = 1024;
  std::vector<Counts> classes;
  std::map<Index, Index> others;
  const auto counts_of = [&](Index label) -> Counts& {
    const Index at = label < small ? label : others.try_emplace(label, small + others.size()).first->second;
    if (at >= classes.size())
      classes.resize(at + 1);
    return classes[at];
  };
  double total = 0;
  for (Index i = 0; i < actual.size(); ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    if (weight == 0)
      continue;
    counts_of(predicted[i]).predicted += weight;
    Counts& counts = counts_of(actual[i]);
    counts.actual += weight;
    counts.right += predicted[i] == actual[i] ? weight : 0;
    total += weight;
  }
  if (total == 0)
    return {};
  F1 result;
  double present = 0;
  for (const Counts& counts : classes) {
    if (counts.predicted + counts.actual == 0)
      continue;
    const double f1 = 2 * counts.right / (counts.predicted + counts.actual);
    present += 1;
    result.macro += f1;
    result.weighted += f1 * counts.actual / total;
  }
  result.macro /= present;
  return result;
}

template <class Lazy>
std::optional<double> spearman(std::span<const double> a, std::span<const double> b) {
  detail::check_correlated(a, b);
  const std::vector<double> ranks_a = detail::mean_ranks(a), ranks_b = detail::mean_ranks(b);
  const double mean = static_cast<double>(a.size() + 1) / 2;
  double product = 0, square_a = 0, square_b = 0; // ranks are halves, so these sums are exact
  for (Index i = 0; i < a.size(); ++i) {
    product += (ranks_a[i] - mean) * (ranks_b[i] - mean);
    square_a += (ranks_a[i] - mean) * (ranks_a[i] - mean);
    square_b += (ranks_b[i] - mean) * (ranks_b[i] - mean);
  }
  if (square_a == 0 || square_b == 0)
    return {};
  return product / std::sqrt(square_a * square_b);
}

template <class Lazy>
std::optional<double> kendall(std::span<const double> a, std::span<const double> b) {
  detail::check_correlated(a, b);
  double agreement = 0, pairs_a = 0, pairs_b = 0;
  for (Index i = 0; i < a.size(); ++i)
    for (Index j = i + 1; j < a.size(); ++j) {
      const double x = static_cast<double>((a[i] > a[j]) - (a[i] < a[j])),
                   y = static_cast<double>((b[i] > b[j]) - (b[i] < b[j]));
      agreement += x * y;
      pairs_a += x * x;
      pairs_b += y * y;
    }
  if (pairs_a == 0 || pairs_b == 0)
    return {};
  return agreement / std::sqrt(pairs_a * pairs_b);
}

template <class Lazy>
double trapezoid_area(std::span<const double> x, std::span<const double> y) {
  detail::check_same_size("curve", x.size(), y.size());
  double area = 0;
  for (Index i = 1; i < x.size(); ++i)
    area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
  return area;
}

} // namespace regard::inline REGARD_ABI
