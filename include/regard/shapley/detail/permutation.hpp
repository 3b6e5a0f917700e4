// SPDX-License-Identifier: MIT
// The permutation sampler and unbiased KernelSHAP: units that each estimate all values.
#pragma once

#include <regard/shapley/detail/sampling.hpp>
#include <regard/shapley/detail/unit_loop.hpp>

namespace regard::inline REGARD_ABI {
namespace detail {

/// A unit is an order and its reverse.
REGARD_LAZY
class PermutationEstimator {
 public:
  static constexpr bool has_errors = true;

  PermutationEstimator(Index players, std::uint64_t seed)
      : seed_(seed), order_(players), share_(players), mean_(players) {}

  Index unit_cost() const { return 2 * (order_.size() - 1); }
  void start(const Ends& ends) { ends_ = ends; }

  std::optional<Index> draw(Index unit, CoalitionBuffer& wanted) {
    redraw(unit);
    for (int direction = 0; direction < 2; ++direction) {
      MutableCoalition coalition(order_.size());
      for (Index k = 0; k + 1 < order_.size(); ++k) {
        coalition.insert(order_[k]);
        wanted.add(coalition);
      }
      std::reverse(order_.begin(), order_.end());
    }
    return unit_cost();
  }

  void add(Index unit, std::span<const double> values) {
    redraw(unit);
    std::fill(share_.begin(), share_.end(), 0.0);
    for (int direction = 0; direction < 2; ++direction) {
      double before = ends_.empty;
      for (Index k = 0; k < order_.size(); ++k) {
        const bool last = k + 1 == order_.size();
        const double after = last ? ends_.full : values[k];
        share_[order_[k]] += (after - before) / 2;
        before = after;
      }
      values = values.subspan(order_.size() - 1);
      std::reverse(order_.begin(), order_.end());
    }
    mean_.add(share_);
  }

  Estimate estimate() const { return mean_.estimate(); }

 private:
  void redraw(Index unit) {
    RandomStream random(seed_, unit);
    draw_order(random, order_);
  }

  std::uint64_t seed_;
  std::vector<Index> order_;
  std::vector<double> share_;
  UnitMean<> mean_;
  Ends ends_;
};

/// A unit is a coalition z of a size drawn by p(s) ~ 1 / (s (n - s)), and its complement. With E[z z'] exact
/// the solution of the constrained regression is phi = v(N) - v(empty) shared equally + 2 H (b - mean b),
/// where b = E[z (v(z) - v(empty))] and H = 1 + 1/2 + ... + 1/(n - 1): the diagonal of E[z z'] is greater
/// than the rest by E[z_i (1 - z_j)] = 1 / (2 H), and what is common to all players drops out of phi. So a
/// unit's own b estimates phi, and the covariance of their mean is P Cov(b) P' / m with P = A^-1 - A^-1 1 1'
/// A^-1 / 1' A^-1 1.
REGARD_LAZY
class UnbiasedKernelEstimator {
 public:
  static constexpr bool has_errors = true;

  UnbiasedKernelEstimator(Index players, std::uint64_t seed)
      : seed_(seed), coalition_(players), share_(players), mean_(players), sizes_(size_law(players)) {
    for (Index s = 1; s < players; ++s)
      scale_ += 2 / static_cast<double>(s);
  }

  static constexpr Index unit_cost() { return 2; }
  void start(const Ends& ends) { ends_ = ends; }

  std::optional<Index> draw(Index unit, CoalitionBuffer& wanted) {
    redraw(unit);
    wanted.add(coalition_);
    complement(coalition_);
    wanted.add(coalition_);
    return unit_cost();
  }

  void add(Index unit, std::span<const double> values) {
    redraw(unit);
    // b_i is half of v(z) - v(empty) for members, of v(complement) - v(empty) for the others
    const double n = static_cast<double>(share_.size()), members = static_cast<double>(coalition_.size());
    const double difference = scale_ * (values[0] - values[1]) / 2;
    const double outside = ends_.difference() / n - difference * members / n;
    for (Index i = 0; i < share_.size(); ++i)
      share_[i] = coalition_.contains(i) ? outside + difference : outside;
    mean_.add(share_);
  }

  Estimate estimate() const { return mean_.estimate(); }

  /// p(1), ..., p(n - 1), up to a factor.
  static std::vector<double> size_law(Index players) {
    std::vector<double> law;
    for (Index s = 1; s < players; ++s)
      law.push_back(1 / (static_cast<double>(s) * static_cast<double>(players - s)));
    return law;
  }

 private:
  void redraw(Index unit) {
    RandomStream random(seed_, unit);
    draw_coalition(random, 1 + sizes_.draw(random), coalition_);
  }

  std::uint64_t seed_;
  MutableCoalition coalition_;
  std::vector<double> share_;
  UnitMean<> mean_;
  WeightedChoice<> sizes_;
  double scale_ = 0; // 2 H
  Ends ends_;
};

} // namespace detail
} // namespace regard::inline REGARD_ABI
