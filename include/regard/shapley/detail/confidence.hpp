// SPDX-License-Identifier: MIT
// Body of shapley/confidence.hpp.
#pragma once

#include <regard/core/error.hpp>
#include <regard/shapley/confidence.hpp>
#include <regard/shapley/detail/sum.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace regard::inline REGARD_ABI {
namespace detail {

/// The continued fraction of the incomplete beta function (Lentz's method).
REGARD_LAZY
double beta_fraction(double a, double b, double x) {
  static constexpr double tiny = 1e-300;
  const auto away_from_zero = [](double y) { return std::abs(y) < tiny ? tiny : y; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), h = d;
  for (int step = 1; step <= 100000; ++step) {
    const double m = step;
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-15)
      break;
  }
  return h;
}

/// log Gamma((v + 1) / 2) - log Gamma(v / 2), without the cancellation of two large logarithms.
REGARD_LAZY
double log_gamma_half_step(double v) {
  double shift = 0;
  while (v < 60) { // Gamma(x + 1) = x Gamma(x), both
    shift += std::log(v / (v + 1));
    v += 2;
  }
  const double x = v / 2; // the asymptotic series of the ratio, in 1 / x
  const double r = 1 / x;
  return shift + std::log(x) / 2 - r / 8 + r * r * r / 192 - std::pow(r, 5) / 640 +
         17 * std::pow(r, 7) / 14336;
}

/// P(T > t) for t >= 0.
REGARD_LAZY
double student_t_tail(double t, double v) {
  const double x = v / (v + t * t), rest = t * t / (v + t * t);
  // x^(v/2) rest^(1/2) / B(v/2, 1/2)
  const double log_front = -v / 2 * std::log1p(t * t / v) + std::log(rest) / 2 + log_gamma_half_step(v) -
                           std::log(std::sqrt(std::acos(-1.0)));
  if (t == 0)
    return 0.5;
  if (x < (v / 2 + 1) / (v / 2 + 2.5))
    return std::exp(log_front) * beta_fraction(v / 2, 0.5, x) / v;
  return 0.5 - std::exp(log_front) * beta_fraction(0.5, v / 2, rest);
}

} // namespace detail

template <class Lazy>
double student_t_quantile(double probability, double degrees_of_freedom) {
  if (!(probability > 0 && probability < 1))
    throw InvalidArgument("probability: found " + detail::number_text(probability) +
                          ", expected a number between 0 and 1");
  if (!(degrees_of_freedom > 0))
    throw InvalidArgument("degrees of freedom: found " + detail::number_text(degrees_of_freedom) +
                          ", expected a number greater than 0");
  const double degrees = std::min(degrees_of_freedom, 1e8), tail = std::min(probability, 1 - probability);
  if (tail == 0.5)
    return 0;
  double low = 0, high = 1;
  while (detail::student_t_tail(high, degrees) > tail && high < 1e300) {
    low = high;
    high *= 2;
  }
  for (int step = 0; step < 200 && high - low > 1e-15 * high; ++step) {
    const double middle = low + (high - low) / 2;
    (detail::student_t_tail(middle, degrees) > tail ? low : high) = middle;
  }
  const double quantile = low + (high - low) / 2;
  return probability < 0.5 ? -quantile : quantile;
}

template <class Lazy>
std::optional<std::vector<Interval>> confidence_intervals(const ShapleyResult& result, double level) {
  if (!(level > 0 && level < 1))
    throw InvalidArgument("level: found " + detail::number_text(level) +
                          ", expected a number between 0 and 1");
  if (!result.standard_errors)
    return {};
  const double quantile = student_t_quantile((1 + level) / 2, result.degrees_of_freedom);
  std::vector<Interval> intervals;
  for (Index i = 0; i < result.values.size(); ++i) {
    const double reach = quantile * (*result.standard_errors)[i];
    intervals.push_back({result.values[i] - reach, result.values[i] + reach});
  }
  return intervals;
}

} // namespace regard::inline REGARD_ABI
