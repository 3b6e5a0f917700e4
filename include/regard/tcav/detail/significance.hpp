// SPDX-License-Identifier: MIT
// Body of tcav/significance.hpp.
#pragma once

#include <regard/core/random.hpp>
#include <regard/shapley/confidence.hpp>
#include <regard/tcav/significance.hpp>

#include <algorithm>
#include <array>
#include <numeric>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Mean and squared deviations of a sample.
struct Moments {
  double count = 0, mean = 0, squares = 0;
  double variance() const { return squares / (count - 1); }
};

inline Moments moments(std::span<const double> sample) {
  Moments m;
  m.count = static_cast<double>(sample.size());
  for (const double x : sample)
    m.mean += x / m.count;
  for (const double x : sample)
    m.squares += (x - m.mean) * (x - m.mean);
  // Scores are counts over counts: what is left of equal ones is rounding error.
  if (!sample.empty() && m.squares <= 1e-20 * m.count)
    m.squares = 0;
  return m;
}

inline TestResult untested(TestStatus status) {
  TestResult result;
  result.status = status;
  return result;
}

inline TestResult t_test(double t, double degrees, double effect) {
  TestResult result;
  result.statistic = t;
  result.degrees_of_freedom = degrees;
  result.p_value = student_t_p_value(t, degrees);
  result.effect_size = effect;
  return result;
}

/// Difference in pooled standard deviations.
inline double pooled_deviation(const Moments& a, const Moments& b) {
  return std::sqrt((a.squares + b.squares) / (a.count + b.count - 2));
}

} // namespace detail

REGARD_INLINE std::string_view to_string(TestStatus status) {
  constexpr std::array<std::string_view, 5> names{"tested", "no_random", "few_random", "few_scores",
                                                  "saturated"};
  return names.at(static_cast<std::size_t>(status));
}

REGARD_INLINE std::string_view to_string(Correction correction) {
  constexpr std::array<std::string_view, 3> names{"none", "holm", "bonferroni"};
  return names.at(static_cast<std::size_t>(correction));
}

REGARD_INLINE double student_t_p_value(double t, double degrees_of_freedom) {
  if (!(degrees_of_freedom > 0))
    throw InvalidArgument("degrees of freedom: found " + detail::number_text(degrees_of_freedom) +
                          ", expected a number greater than 0");
  return std::min(1.0, 2 * detail::student_t_tail(std::abs(t), degrees_of_freedom));
}

REGARD_INLINE TestResult random_concept_test(double score, std::span<const double> random_scores,
                                             double overlap) {
  if (!(overlap >= 0 && overlap < 1))
    throw InvalidArgument("overlap: found " + detail::number_text(overlap) +
                          ", expected a number from 0 to less than 1");
  if (random_scores.size() < 30)
    return detail::untested(random_scores.empty() ? TestStatus::no_random : TestStatus::few_random);
  const detail::Moments random = detail::moments(random_scores);
  if (random.squares == 0)
    return detail::untested(TestStatus::saturated);
  const double deviation = std::sqrt(random.variance()), distance = score - random.mean;
  const double t = distance / (deviation * std::sqrt((1 + overlap) / (1 - overlap) + 1 / random.count));
  return detail::t_test(t, random.count - 1, distance / deviation);
}

REGARD_INLINE TestResult one_sample_test(std::span<const double> scores, double expected) {
  if (scores.size() < 2)
    return detail::untested(TestStatus::few_scores);
  const detail::Moments m = detail::moments(scores);
  if (m.squares == 0)
    return detail::untested(TestStatus::saturated);
  const double deviation = std::sqrt(m.variance()), distance = m.mean - expected;
  return detail::t_test(distance / deviation * std::sqrt(m.count), m.count - 1, distance / deviation);
}

REGARD_INLINE TestResult two_sample_test(std::span<const double> scores,
                                         std::span<const double> random_scores) {
  if (random_scores.empty())
    return detail::untested(TestStatus::no_random);
  if (scores.size() < 2 || random_scores.size() < 2)
    return detail::untested(TestStatus::few_scores);
  const detail::Moments a = detail::moments(scores), b = detail::moments(random_scores);
  if (a.squares + b.squares == 0)
    return detail::untested(TestStatus::saturated);
  const double deviation = detail::pooled_deviation(a, b), distance = a.mean - b.mean;
  return detail::t_test(distance / (deviation * std::sqrt(1 / a.count + 1 / b.count)), a.count + b.count - 2,
                        distance / deviation);
}

REGARD_INLINE TestResult welch_test(std::span<const double> scores, std::span<const double> random_scores) {
  if (random_scores.empty())
    return detail::untested(TestStatus::no_random);
  if (scores.size() < 2 || random_scores.size() < 2)
    return detail::untested(TestStatus::few_scores);
  const detail::Moments a = detail::moments(scores), b = detail::moments(random_scores);
  if (a.squares + b.squares == 0)
    return detail::untested(TestStatus::saturated);
  const double va = a.variance() / a.count, vb = b.variance() / b.count, distance = a.mean - b.mean;
  const double degrees = (va + vb) * (va + vb) / (va * va / (a.count - 1) + vb * vb / (b.count - 1));
  return detail::t_test(distance / std::sqrt(va + vb), degrees, distance / detail::pooled_deviation(a, b));
}

REGARD_INLINE TestResult permutation_test(std::span<const double> scores,
                                          std::span<const double> random_scores, Index permutations,
                                          std::uint64_t seed) {
  if (random_scores.empty())
    return detail::untested(TestStatus::no_random);
  if (scores.size() < 2 || random_scores.size() < 2)
    return detail::untested(TestStatus::few_scores);
  const detail::Moments a = detail::moments(scores), b = detail::moments(random_scores);
  if (a.squares + b.squares == 0)
    return detail::untested(TestStatus::saturated);
  std::vector<double> all(scores.begin(), scores.end());
  all.insert(all.end(), random_scores.begin(), random_scores.end());
  const double total = std::accumulate(all.begin(), all.end(), 0.0);
  const double difference = a.mean - b.mean;
  Index as_large = 0;
  RandomStream random(seed, 0x7065726d); // a stream of its own
  for (Index p = 0; p < permutations; ++p) {
    double sum = 0;
    for (Index i = 0; i < scores.size(); ++i) {
      std::swap(all[i], all[i + random.below(all.size() - i)]);
      sum += all[i];
    }
    const double other = sum / a.count - (total - sum) / b.count;
    as_large += std::abs(other) >= std::abs(difference) - 1e-12 ? 1 : 0;
  }
  TestResult result;
  result.statistic = difference;
  result.p_value = static_cast<double>(1 + as_large) / static_cast<double>(1 + permutations);
  result.effect_size = difference / detail::pooled_deviation(a, b);
  return result;
}

REGARD_INLINE std::vector<std::optional<double>> adjust(std::span<const std::optional<double>> p_values,
                                                        Correction correction) {
  std::vector<std::optional<double>> adjusted(p_values.begin(), p_values.end());
  if (correction == Correction::none)
    return adjusted;
  std::vector<Index> order;
  for (Index i = 0; i < p_values.size(); ++i)
    if (p_values[i])
      order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return *p_values[a] < *p_values[b]; });
  double least = 0;
  for (Index rank = 0; rank < order.size(); ++rank) {
    const Index tests = correction == Correction::holm ? order.size() - rank : order.size();
    least = std::max(least, std::min(1.0, *p_values[order[rank]] * static_cast<double>(tests)));
    adjusted[order[rank]] = least;
  }
  return adjusted;
}

} // namespace regard::inline REGARD_ABI
