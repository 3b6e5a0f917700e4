// SPDX-License-Identifier: MIT
// The one table of tolerances. Every comparison with a reference is relative to the largest reference value,
// so a small entry beside a large one may carry the rounding error of the large one, and nothing more.
#pragma once

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace regard_test {

template <class Scalar>
struct Tolerance;

template <>
struct Tolerance<float> {
  static constexpr double parity = 1e-5;      ///< forward and backward against PyTorch
  static constexpr double difference = 0;     ///< central differences are taken in double only
  static constexpr double closed_form = 1e-5; ///< two ways to the same number
};

template <>
struct Tolerance<double> {
  static constexpr double parity = 1e-10;
  static constexpr double difference = 1e-6;
  static constexpr double closed_form = 1e-12;
};

/// max |actual - expected| / max |expected|; infinite when sizes differ or a value is not finite.
template <class Actual, class Expected>
double relative_error(const Actual& actual, const Expected& expected) {
  if (std::size(actual) != std::size(expected))
    return HUGE_VAL;
  double largest = 0, error = 0;
  auto value = std::begin(actual);
  for (const auto reference : expected) {
    const double difference = static_cast<double>(*value++) - static_cast<double>(reference);
    if (!std::isfinite(difference))
      return HUGE_VAL;
    error = std::max(error, std::abs(difference));
    largest = std::max(largest, std::abs(static_cast<double>(reference)));
  }
  return error == 0 ? 0 : error / largest;
}

} // namespace regard_test
