// SPDX-License-Identifier: MIT
// From numbers of single inputs to what may be said of a method: means with bootstrap intervals, F1, rank
// correlation, areas below curves.
//
//     const regard::Bootstrap bootstrap(inputs, {.seed = 0});
//     const auto interval = bootstrap.mean(comprehensiveness_of_each_input);
//     const auto paired = bootstrap.mean(differences_of_two_methods); // the same inputs for both
#pragma once

#include <regard/shapley/confidence.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {

/// How intervals are made.
struct BootstrapOptions {
  Index resamples = 2000;
  double level = 0.95;    ///< of the interval
  std::uint64_t seed = 0; ///< resample r draws from RandomStream(seed, r)
};

/// Percentile bootstrap intervals (Efron 1979) over inputs. All statistics of one object see the same
/// resamples, so that differences between methods are paired.
class Bootstrap {
 public:
  /// Throws InvalidArgument without resamples, or unless 0 < level < 1.
  REGARD_LAZY explicit Bootstrap(Index inputs, const BootstrapOptions& options = {});

  /// A statistic of a resample: weights[i] says how often input i was drawn. None where it is not defined.
  using Statistic = std::function<std::optional<double>(std::span<const double> weights)>;

  /// None without inputs, or where the statistic is defined in no resample; resamples without it are left
  /// out.
  REGARD_LAZY std::optional<Interval> interval(const Statistic& statistic) const;

  /// Of many statistics, for which the resamples are drawn once. Memory: inputs + resamples * statistics.
  std::vector<std::optional<Interval>> intervals(std::span<const Statistic> statistics) const;

  /// Of the mean over the inputs that have a value. Throws InvalidArgument for another number of inputs.
  REGARD_LAZY std::optional<Interval> mean(std::span<const std::optional<double>> values) const;
  REGARD_LAZY std::optional<Interval> mean(std::span<const double> values) const;

 private:
  Index inputs_;
  BootstrapOptions options_;
};

/// The mean over the inputs that have a value, as a Bootstrap::Statistic: none where there is none. The
/// values are referred to, not copied.
REGARD_LAZY Bootstrap::Statistic weighted_mean(std::span<const std::optional<double>> values);

/// F1 over the classes that occur in `predicted` or `actual`.
struct F1 {
  double macro = 0;    ///< plain mean over classes
  double weighted = 0; ///< mean weighted by how often a class is the actual one
};

/// As sklearn's f1_score: a class without a true positive scores 0.
/// @param weights  of each input; empty means 1 each
/// None where all weights are 0. Throws InvalidArgument when sizes differ.
REGARD_LAZY std::optional<F1> f1_scores(std::span<const Index> predicted, std::span<const Index> actual,
                                        std::span<const double> weights = {});

/// Spearman's rank correlation, ties at their mean rank; none where one side is constant or shorter than 2.
/// Throws InvalidArgument when sizes differ or a number is not finite.
REGARD_LAZY std::optional<double> spearman(std::span<const double> a, std::span<const double> b);

/// Kendall's tau-b (Kendall 1945), which allows for ties; none as above. O(n^2) time.
REGARD_LAZY std::optional<double> kendall(std::span<const double> a, std::span<const double> b);

/// Area below the points (x, y), x increasing, by trapezoids. Throws InvalidArgument when sizes differ.
REGARD_LAZY double trapezoid_area(std::span<const double> x, std::span<const double> y);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/evaluation/detail/statistics.hpp>
#endif
