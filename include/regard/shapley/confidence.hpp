// SPDX-License-Identifier: MIT
// Confidence intervals from the standard errors of a sampled solver.
//
//     const auto result = regard::shapley(game, {.solver = regard::Solver::permutation});
//     if (const auto intervals = regard::confidence_intervals(result)) // 95%, player by player
//       use((*intervals)[0].lower, (*intervals)[0].upper);
#pragma once

#include <regard/shapley/result.hpp>

namespace regard::inline REGARD_ABI {

/// From `lower` to `upper`.
struct Interval {
  double lower = 0, upper = 0;
};

/// The number that a variable of Student's t distribution is below with probability `probability`: 2.2281 for
/// 0.975 and 10 degrees of freedom. By bisection of the distribution function, a continued fraction of the
/// incomplete beta function (Press et al. 2007, section 6.4); relative error below 1e-10. More than 1e8
/// degrees are taken as 1e8: the normal distribution to eight digits. Throws InvalidArgument unless 0 <
/// probability < 1 and degrees_of_freedom > 0.
REGARD_LAZY double student_t_quantile(double probability, double degrees_of_freedom);

/// Student's intervals, value -+ quantile * standard error: each covers its value with probability `level`,
/// not all of them together. None where the result has no standard errors, which exact values do not need.
/// Believe them where `status` is not few_samples.
/// Throws InvalidArgument unless 0 < level < 1.
REGARD_LAZY std::optional<std::vector<Interval>> confidence_intervals(const ShapleyResult& result,
                                                                      double level = 0.95);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/confidence.hpp>
#endif
