// SPDX-License-Identifier: MIT
// The samplers that evaluate a coalition z together with its n neighbours, z with one player in or out. So
// each player i has a marginal contribution v(S + i) - v(S) to S = z without i.
#pragma once

#include <regard/shapley/detail/coalition_set.hpp>
#include <regard/shapley/detail/sampling.hpp>
#include <regard/shapley/detail/unit_loop.hpp>

#include <deque>

namespace regard::inline REGARD_ABI {
namespace detail {

/// Asks for z and its neighbours, and reads marginal contributions from their values.
REGARD_LAZY
class Neighbourhood {
 public:
  void start(const Ends& ends) { ends_ = ends; }

  /// Wants z and its neighbours evaluated, but for the empty and the full coalition, which are known.
  static void ask(MutableCoalition& z, CoalitionBuffer& wanted) {
    const Index players = z.players(), size = z.size();
    if (size != 0 && size != players)
      wanted.add(z);
    for (Index i = 0; i < players; ++i) {
      const Index other = z.contains(i) ? size - 1 : size + 1;
      z.flip(i);
      if (other != 0 && other != players)
        wanted.add(z);
      z.flip(i);
    }
  }

  /// marginals[i] = v(z + i) - v(z - i), from the values that `ask` wanted; they are taken off the span.
  void read(const Coalition& z, std::span<const double>& values, std::span<double> marginals) const {
    const Index players = z.players(), size = z.size();
    const double here = take(size, players, values);
    for (Index i = 0; i < players; ++i) {
      const bool member = z.contains(i);
      const double there = take(member ? size - 1 : size + 1, players, values);
      marginals[i] = member ? here - there : there - here;
    }
  }

 private:
  double take(Index size, Index players, std::span<const double>& values) const {
    if (size == 0)
      return ends_.empty;
    if (size == players)
      return ends_.full;
    const double value = values.front();
    values = values.subspan(1);
    return value;
  }

  Ends ends_;
};

/// A unit is a coalition z whose size is uniform on 0, ..., n, and its complement. Then z without i has a
/// uniform size on 0, ..., n - 1, so each contribution estimates phi_i.
REGARD_LAZY
class StratifiedEstimator {
 public:
  static constexpr bool has_errors = true;

  StratifiedEstimator(Index players, std::uint64_t seed)
      : seed_(seed), z_(players), marginals_(players), share_(players), mean_(players) {}

  Index unit_cost() const { return 2 * (share_.size() + 1); }
  void start(const Ends& ends) { neighbours_.start(ends); }

  std::optional<Index> draw(Index unit, CoalitionBuffer& wanted) {
    redraw(unit);
    Neighbourhood<>::ask(z_, wanted);
    complement(z_);
    Neighbourhood<>::ask(z_, wanted);
    return unit_cost();
  }

  void add(Index unit, std::span<const double> values) {
    redraw(unit);
    neighbours_.read(z_, values, share_);
    complement(z_);
    neighbours_.read(z_, values, marginals_);
    for (Index i = 0; i < share_.size(); ++i)
      share_[i] = (share_[i] + marginals_[i]) / 2;
    mean_.add(share_);
  }

  Estimate estimate() const { return mean_.estimate(); }

 private:
  void redraw(Index unit) {
    RandomStream random(seed_, unit);
    draw_coalition(random, random.below(share_.size() + 1), z_);
  }

  std::uint64_t seed_;
  MutableCoalition z_;
  std::vector<double> marginals_, share_;
  Neighbourhood<> neighbours_;
  UnitMean<> mean_;
};

/// log omega(s) = -log(n C(n - 1, s)) for s = 0, ..., n - 1: the Shapley weight of one coalition.
REGARD_LAZY
std::vector<double> log_shapley_weights(Index players) {
  std::vector<double> weights(players);
  double log_count = std::log(static_cast<double>(players));
  for (Index s = 0; s < players; ++s) {
    weights[s] = -log_count;
    log_count += std::log(static_cast<double>(players - 1 - s) / static_cast<double>(s + 1));
  }
  return weights;
}

/// A unit is a uniform coalition z and its complement; S = z without i and its complement without i have the
/// same weight w = omega, and phi_i is estimated by sum w Delta / sum w, a ratio of two means. As w depends
/// on |S| alone, it takes no more than the moments of Delta by size.
REGARD_LAZY
class SelfNormalisedEstimator {
 public:
  static constexpr bool has_errors = true;

  SelfNormalisedEstimator(Index players, std::uint64_t seed)
      : seed_(seed), z_(players), first_(players), second_(players), sizes_(players),
        log_weights_(log_shapley_weights(players)), moments_(players * players) {}

  Index unit_cost() const { return 2 * (first_.size() + 1); }
  void start(const Ends& ends) { neighbours_.start(ends); }

  std::optional<Index> draw(Index unit, CoalitionBuffer& wanted) {
    redraw(unit);
    Neighbourhood<>::ask(z_, wanted);
    complement(z_);
    Neighbourhood<>::ask(z_, wanted);
    return unit_cost();
  }

  void add(Index unit, std::span<const double> values) {
    redraw(unit);
    const Index players = first_.size(), size = z_.size();
    neighbours_.read(z_, values, first_);
    for (Index i = 0; i < players; ++i) {
      const Index others = z_.contains(i) ? size - 1 : size;
      sizes_[i] = std::min(others, players - 1 - others); // of either: they weigh the same
    }
    complement(z_);
    neighbours_.read(z_, values, second_);
    for (Index i = 0; i < players; ++i)
      moments_[i * players + sizes_[i]].add((first_[i] + second_[i]) / 2);
    ++units_;
  }

  /// With R = sum w Delta / sum w, h = w / sum w and d = h (Delta - R), leaving out a unit moves R by
  /// -d / (1 - h): the sum of squares of that is the variance, and its sum the bias that is taken off (the
  /// jackknife). The sample does not show what it misses where the extreme sizes, which carry most of the
  /// weight, are yet to be drawn. So the degrees of freedom are bounded by four times the number of units of
  /// these sizes that one expects, units / 2^(n - 2), besides the effective number of units.
  Estimate estimate() const {
    Estimate result;
    if (units_ == 0)
      return result;
    const Index players = first_.size();
    double effective = std::ldexp(static_cast<double>(units_), 4 - static_cast<int>(players));
    std::vector<double> errors;
    for (Index i = 0; i < players; ++i) {
      const std::span<const Moments> moments(&moments_[i * players], players);
      const std::vector<double> shares = unit_shares(moments);
      double ratio = 0, squares = 0;
      for (Index s = 0; s < players; ++s) {
        ratio += shares[s] * moments[s].sum;
        squares += shares[s] * shares[s] * moments[s].count;
      }
      effective = std::min(effective, 1 / squares);
      double bias = 0, variance = 0;
      for (Index s = 0; s < players; ++s)
        if (shares[s] < 1) {
          const double out = shares[s] / (1 - shares[s]);
          const auto [count, sum, square] = moments[s];
          bias -= out * (sum - ratio * count);
          variance += out * out * (square - 2 * ratio * sum + ratio * ratio * count);
        }
      result.values.push_back(ratio - bias);
      errors.push_back(std::sqrt(std::max(0.0, variance)));
    }
    if (effective >= 2) {
      result.standard_errors = std::move(errors);
      result.degrees_of_freedom = effective - 1;
    }
    return result;
  }

 private:
  struct Moments {
    double count = 0, sum = 0, square = 0;
    void add(double x) {
      count += 1;
      sum += x;
      square += x * x;
    }
  };

  /// w / sum w of one unit of each size.
  std::vector<double> unit_shares(std::span<const Moments> moments) const {
    double greatest = -HUGE_VAL, total = 0;
    for (Index s = 0; s < moments.size(); ++s)
      if (moments[s].count > 0)
        greatest = std::max(greatest, log_weights_[s]);
    std::vector<double> shares(moments.size(), 0.0);
    for (Index s = 0; s < moments.size(); ++s)
      if (moments[s].count > 0) {
        shares[s] = std::exp(log_weights_[s] - greatest);
        total += shares[s] * moments[s].count;
      }
    for (double& share : shares)
      share /= total;
    return shares;
  }

  void redraw(Index unit) {
    RandomStream random(seed_, unit);
    draw_coalition(random, z_);
  }

  std::uint64_t seed_;
  Index units_ = 0;
  MutableCoalition z_;
  std::vector<double> first_, second_;
  std::vector<Index> sizes_;
  std::vector<double> log_weights_;
  std::vector<Moments> moments_; // [players, sizes]
  Neighbourhood<> neighbours_;
};

/// The authors' estimates: sum over the drawn z of omega(|S|) (v(S + i) - v(S)), divided by nothing.
REGARD_LAZY
class AuthorsEstimator {
 public:
  static constexpr bool has_errors = false;

  /// @param by_size  their "kernel_shap", else their "random"
  AuthorsEstimator(Index players, std::uint64_t seed, bool by_size)
      : seed_(seed), by_size_(by_size), marginals_(players), log_weights_(log_shapley_weights(players)),
        sums_(players, 0.0), sizes_(by_size ? size_law(players) : std::vector{1.0}), seen_(players) {}

  Index unit_cost() const { return marginals_.size() + 1; }
  void start(const Ends& ends) { neighbours_.start(ends); }

  std::optional<Index> draw(Index unit, CoalitionBuffer& wanted) {
    const Index players = marginals_.size();
    if (by_size_ && players == 1 && unit > 1)
      return {}; // there is no size between the empty and the full coalition
    RandomStream random(seed_, unit);
    MutableCoalition z(players);
    if (!by_size_)
      draw_coalition(random, z);
    else if (unit == 1)
      complement(z);
    else if (unit > 1) {
      const Index size = 1 + sizes_.draw(random);
      for (int attempt = 0; attempt <= 10; ++attempt) {
        draw_coalition(random, size, z);
        if (seen_.add(z).second)
          break;
      }
    }
    Neighbourhood<>::ask(z, wanted);
    drawn_.push_back(std::move(z));
    return unit_cost();
  }

  void add(Index, std::span<const double> values) {
    const MutableCoalition z = std::move(drawn_.front());
    drawn_.pop_front();
    const Index size = z.size();
    neighbours_.read(z, values, marginals_);
    for (Index i = 0; i < marginals_.size(); ++i)
      sums_[i] += std::exp(log_weights_[z.contains(i) ? size - 1 : size]) * marginals_[i];
  }

  Estimate estimate() const { return {sums_, {}, 0, false}; }

 private:
  /// p(s) ~ (n - 1) / (C(n, s) s (n - s)), the weight of one coalition where that of a size belongs.
  static std::vector<double> size_law(Index players) {
    std::vector<double> law;
    double log_count = 0;
    for (Index s = 1; s < players; ++s) {
      log_count += std::log(static_cast<double>(players - s + 1) / static_cast<double>(s));
      law.push_back(std::exp(-log_count) / (static_cast<double>(s) * static_cast<double>(players - s)));
    }
    return law.empty() ? std::vector{1.0} : law;
  }

  std::uint64_t seed_;
  bool by_size_;
  std::vector<double> marginals_, log_weights_, sums_;
  WeightedChoice<> sizes_;
  CoalitionSet<> seen_;
  std::deque<MutableCoalition> drawn_;
  Neighbourhood<> neighbours_;
};

} // namespace detail
} // namespace regard::inline REGARD_ABI
