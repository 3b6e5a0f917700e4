// SPDX-License-Identifier: MIT
// Body of shapley/result.hpp.
#pragma once

#include <regard/shapley/detail/sum.hpp>
#include <regard/shapley/result.hpp>

#include <algorithm>
#include <cmath>

namespace regard::inline REGARD_ABI {

template <class Lazy>
std::string_view to_string(Status status) {
  switch (status) {
  case Status::converged:
    return "converged";
  case Status::budget_reached:
    return "budget_reached";
  case Status::few_samples:
    return "few_samples";
  case Status::stopped:
    break;
  }
  return "stopped";
}

template <class Lazy>
bool degenerate(std::span<const double> values, double tolerance) {
  if (values.empty())
    return true;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return *most - *least <= tolerance * std::max(std::abs(*least), std::abs(*most));
}

namespace detail {

/// What the values leave unexplained.
REGARD_LAZY
double completeness_gap(const ShapleyResult& result) {
  return completeness_gap(result.value_full, result.value_empty, result.values);
}

} // namespace detail
} // namespace regard::inline REGARD_ABI
