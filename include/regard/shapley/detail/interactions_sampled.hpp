// SPDX-License-Identifier: MIT
// Body of shapley/interactions.hpp: sampled interactions.
#pragma once

#include <regard/core/random.hpp>
#include <regard/shapley/detail/interactions.hpp>
#include <regard/shapley/detail/sampling.hpp>
#include <regard/shapley/detail/unit_loop.hpp>

#include <algorithm>
#include <numeric>

namespace regard::inline REGARD_ABI {
namespace detail {

/// A game of players and pairs, c + sum of b over members + sum of a over pairs of members.
struct QuadraticGame {
  double constant = 0;
  std::vector<double> players; // b
  Tensor<double, 2> pairs;     // a, above the diagonal

  double value(const Coalition& coalition) const {
    double total = constant;
    for (auto i = coalition.begin(); i != coalition.end(); ++i) {
      total += players[*i];
      for (auto j = std::next(i); j != coalition.end(); ++j)
        total += pairs(*i, *j);
    }
    return total;
  }
};

/// What a coalition's value adds to the estimates, by how many of a pair are members, and by membership of
/// one player: the mean over all coalitions of one size of (value times these) is that size's part of the
/// index.
struct InteractionTerms {
  std::array<double, 3> pair{};   // none, one, both
  std::array<double, 2> single{}; // out, in
  double pair_mean, single_mean;  // over all coalitions of the size

  InteractionTerms(const InteractionLaw& law, Index players, Index size) {
    const double n = static_cast<double>(players), s = static_cast<double>(size);
    if (size + 2 <= players)
      pair[0] = law.pair(size) * n * (n - 1) / ((n - s) * (n - s - 1));
    if (size >= 1 && size < players)
      pair[1] = -law.pair(size - 1) * n * (n - 1) / (s * (n - s));
    if (size >= 2)
      pair[2] = law.pair(size - 2) * n * (n - 1) / (s * (s - 1));
    if (size < players)
      single[0] = -law.single(size) * n / (n - s);
    if (size >= 1)
      single[1] = law.single(size - 1) * n / s;
    const double out = n - s, all = n * (n - 1);
    pair_mean = (out * (out - 1) * pair[0] + 2 * s * out * pair[1] + s * (s - 1) * pair[2]) / all;
    single_mean = (out * single[0] + s * single[1]) / n;
  }

  /// The mean over coalitions of this size of the square of what they add to a pair.
  double second_moment(Index players, Index size) const {
    const double n = static_cast<double>(players), s = static_cast<double>(size), all = n * (n - 1);
    return ((n - s) * (n - s - 1) * pair[0] * pair[0] + 2 * s * (n - s) * pair[1] * pair[1] +
            s * (s - 1) * pair[2] * pair[2]) /
           all;
  }
};

/// Calls visit(members) for every `size` of `players` players, in lexicographic order, as long as it returns
/// true; members is a span.
template <class Visit>
void for_each_combination(Index players, Index size, Visit visit) {
  std::vector<Index> members(size);
  std::iota(members.begin(), members.end(), Index{0});
  while (visit(std::span<const Index>(members))) {
    Index place = size;
    while (place > 0 && members[place - 1] == players - size + place - 1)
      --place;
    if (place == 0)
      return;
    ++members[place - 1];
    for (; place < size; ++place)
      members[place] = members[place - 1] + 1;
  }
}

/// Estimates of all pairs and players at once, for four players or more and a budget below 2^n.
template <class G>
class InteractionSampler {
 public:
  InteractionSampler(const G& game, InteractionIndex index, const SolverOptions& options,
                     const Executor& executor)
      : game_(game), options_(options), executor_(executor), n_(game.players()), law_(index, n_),
        result_(interaction_result(index, n_, "sampled")), wanted_(n_), size_means_(n_ + 1),
        estimate_({n_, n_}), mean_({n_, n_}), squares_({n_, n_}) {
    for (Index size = 0; size <= n_; ++size)
      terms_.emplace_back(law_, n_, size);
  }

  InteractionResult run() {
    plan();
    fit();
    for (Index size = 3; size < first_sampled_ && !stopped(); ++size)
      enumerate_size(size);
    sample();
    report();
    return std::move(result_);
  }

 private:
  bool stopped() const { return result_.status == Status::stopped; }

  /// Decides which sizes k (each with n - k) are enumerated, and how often a unit, a coalition of size k and
  /// its complement, is drawn of each other one. At least two units remain.
  void plan() {
    weights_.assign(n_ / 2 + 1, 0.0);
    for (Index k = 1; k <= n_ / 2; ++k)
      weights_[k] = unit_scale(k) *
                    std::sqrt(terms_[k].second_moment(n_, k) + terms_[n_ - k].second_moment(n_, n_ - k));
    Index budget = options_.budget - 2 - 2 * n_;
    for (first_sampled_ = 2; first_sampled_ < n_ / 2; ++first_sampled_) {
      const double cost = 2 * choose(n_, first_sampled_), left = static_cast<double>(budget);
      if (cost > left - 4 || left * weights_[first_sampled_] < cost * sampled_weight())
        break;
      budget -= static_cast<Index>(cost);
    }
    planned_ = budget / 2;
  }

  /// Both coalitions of a unit of half the players have the same size: each counts half.
  double unit_scale(Index k) const { return 2 * k == n_ ? 0.5 : 1; }

  double sampled_weight() const {
    return std::accumulate(weights_.begin() + static_cast<std::ptrdiff_t>(first_sampled_), weights_.end(),
                           0.0);
  }

  Index wave() const { return std::max(options_.batch_size, Index{256}) * executor_.workers(); }

  /// Evaluates what is wanted. After a stop request fewer values than that are known.
  std::vector<double> evaluate_wanted(const SolverOptions& options) {
    std::vector<Coalition> coalitions;
    for (Index c = 0; c < wanted_.size(); ++c)
      coalitions.push_back(wanted_[c]);
    std::vector<double> values(coalitions.size());
    values.resize(evaluate(game_, coalitions, values, options, executor_));
    result_.evaluations += values.size();
    if (values.size() < coalitions.size())
      result_.status = Status::stopped;
    return values;
  }

  /// Wants a coalition and its complement.
  void want(MutableCoalition coalition) {
    wanted_.add(coalition);
    complement(coalition);
    wanted_.add(coalition);
  }

  /// Fits the game of players and pairs to the sizes 0, 1, n-1 and n, and to 2 and n-2 where they are
  /// enumerated; adds what is known of it, and the part of those sizes that it does not explain.
  void fit() {
    want(MutableCoalition(n_));
    for (Index i = 0; i < n_; ++i)
      want(MutableCoalition(n_, {i}));
    SolverOptions always = options_; // the least there is to know
    always.stop = {};
    const std::vector<double> ends = evaluate_wanted(always);
    const CoalitionBuffer end_coalitions = std::exchange(wanted_, CoalitionBuffer(n_));
    std::vector<double> pairs;
    if (first_sampled_ > 2) {
      for_each_combination(n_, 2, [&](std::span<const Index> pair) {
        want(MutableCoalition(n_, pair));
        return true;
      });
      pairs = evaluate_wanted(options_);
      if (stopped())
        pairs.clear();
    }
    set_fit(ends, pairs);
    for (Index c = 0; c < ends.size(); ++c)
      add_enumerated(end_coalitions[c], ends[c]);
    for (Index c = 0; c < pairs.size(); ++c)
      add_enumerated(wanted_[c], pairs[c]);
  }

  /// @param ends   v(empty), v(all), then v({i}), v(all without i) of each player
  /// @param pairs  v({i, j}), v(all without i and j) of each pair i < j, or nothing
  void set_fit(std::span<const double> ends, std::span<const double> pairs) {
    const double empty = result_.value_empty = ends[0], full = result_.value_full = ends[1];
    const auto first = [&](Index i) { return ends[2 + 2 * i] - empty; }; // what i adds to none
    const auto last = [&](Index i) { return full - ends[3 + 2 * i]; };   // and to all others
    double growth = 0;
    for (Index i = 0; i < n_; ++i)
      growth += last(i) - first(i);
    const double n = static_cast<double>(n_);
    fitted_ = {empty, std::vector<double>(n_), Tensor<double, 2>({n_, n_})};
    std::vector<double> sums(n_, 0.0); // of the pairs of each player
    Index pair = 0;
    for (Index i = 0; i < n_; ++i)
      for (Index j = i + 1; j < n_; ++j, pair += 2) {
        // The mean of the pair's derivatives at none and at all others; where those are not known, the
        // smallest numbers that explain how much more players add to all others than to none.
        const double weight =
            pairs.empty()
                ? (last(i) - first(i) + last(j) - first(j) - growth / (n - 1)) / (n - 2)
                : (pairs[pair] - empty - first(i) - first(j) + pairs[pair + 1] - full + last(i) + last(j)) /
                      2;
        fitted_.pairs(i, j) = weight;
        sums[i] += weight;
        sums[j] += weight;
      }
    for (Index i = 0; i < n_; ++i) {
      fitted_.players[i] = (first(i) + last(i) - sums[i]) / 2;
      estimate_(i, i) = fitted_.players[i] + law_.share() * sums[i];
      for (Index j = i + 1; j < n_; ++j)
        estimate_(i, j) = fitted_.pairs(i, j);
    }
  }

  void enumerate_size(Index size) {
    wanted_.clear();
    const auto flush = [&] {
      const std::vector<double> values = evaluate_wanted(options_);
      for (Index c = 0; c < values.size(); ++c)
        add_enumerated(wanted_[c], values[c]);
      wanted_.clear();
      return !stopped();
    };
    for_each_combination(n_, size, [&](std::span<const Index> members) {
      want(MutableCoalition(n_, members));
      return wanted_.size() < wave() || flush();
    });
    if (!stopped())
      flush();
  }

  /// Adds a coalition of a size that is enumerated to the estimates.
  void add_enumerated(const Coalition& coalition, double value) {
    const Index size = coalition.size();
    const double rest = (value - fitted_.value(coalition)) / choose(n_, size);
    const InteractionTerms& terms = terms_[size];
    const std::vector<Index> member = membership(coalition);
    for (Index i = 0; i < n_; ++i) {
      estimate_(i, i) += rest * terms.single[member[i]];
      for (Index j = i + 1; j < n_; ++j)
        estimate_(i, j) += rest * terms.pair[member[i] + member[j]];
    }
  }

  /// For each player 1 or 0.
  std::vector<Index> membership(const Coalition& coalition) const {
    std::vector<Index> member(n_, 0);
    for (const Index i : coalition)
      member[i] = 1;
    return member;
  }

  void sample() {
    const WeightedChoice choice(
        {weights_.begin() + static_cast<std::ptrdiff_t>(first_sampled_), weights_.end()});
    const double total = sampled_weight();
    MutableCoalition drawn(n_);
    Index next = 1; // when to look at the precision
    while (result_.units < planned_ && !stopped() && !converged_) {
      wanted_.clear();
      std::vector<Index> sizes;
      while (wanted_.size() < wave() && result_.units + sizes.size() < std::min(planned_, next)) {
        RandomStream random(options_.seed, result_.units + sizes.size());
        sizes.push_back(first_sampled_ + choice.draw(random));
        draw_coalition(random, sizes.back(), drawn);
        want(drawn);
      }
      const std::vector<double> values = evaluate_wanted(options_);
      for (Index unit = 0; 2 * unit + 1 < values.size(); ++unit) {
        const Index k = sizes[unit];
        add_unit(wanted_[2 * unit], values[2 * unit] - fitted_.value(wanted_[2 * unit]),
                 values[2 * unit + 1] - fitted_.value(wanted_[2 * unit + 1]),
                 unit_scale(k) * total / weights_[k]);
      }
      if (result_.units == next) {
        next = next_look(next);
        converged_ = precise();
        tell();
      }
    }
  }

  /// Takes a coalition and its complement, with what is left of their values, into means and squares. The
  /// mean of what was left at the same size in the units before is a game of sizes, whose part is known: it
  /// is taken off here and added there, which keeps the expectation and saves most of the variance.
  void add_unit(const Coalition& coalition, double here, double there, double scale) {
    const Index size = coalition.size();
    SizeMean &mean_here = size_means_[size], &mean_there = size_means_[n_ - size];
    const InteractionTerms &terms = terms_[size], &complement = terms_[n_ - size];
    const double a = scale * (here - mean_here.value), b = scale * (there - mean_there.value);
    const double all_pairs =
        scale * (mean_here.value * terms.pair_mean + mean_there.value * complement.pair_mean);
    const double all_single =
        scale * (mean_here.value * terms.single_mean + mean_there.value * complement.single_mean);
    mean_here.add(here);
    mean_there.add(there);
    const std::array<double, 3> pair{all_pairs + a * terms.pair[0] + b * complement.pair[2],
                                     all_pairs + a * terms.pair[1] + b * complement.pair[1],
                                     all_pairs + a * terms.pair[2] + b * complement.pair[0]};
    const std::array<double, 2> single{all_single + a * terms.single[0] + b * complement.single[1],
                                       all_single + a * terms.single[1] + b * complement.single[0]};
    const double count = static_cast<double>(++result_.units);
    const auto update = [&](Index i, Index j, double term) {
      const double before = term - mean_(i, j);
      mean_(i, j) += before / count;
      squares_(i, j) += before * (term - mean_(i, j));
    };
    const std::vector<Index> member = membership(coalition);
    for (Index i = 0; i < n_; ++i) {
      update(i, i, single[member[i]]);
      for (Index j = i + 1; j < n_; ++j)
        update(i, j, pair[member[i] + member[j]]);
    }
  }

  double standard_error(Index i, Index j) const {
    const double count = static_cast<double>(result_.units);
    return std::sqrt(squares_(i, j) / (count * (count - 1)));
  }

  double largest_error() const {
    double error = 0;
    for (Index i = 0; i < n_; ++i)
      for (Index j = i + 1; j < n_; ++j)
        error = std::max(error, standard_error(i, j));
    return error;
  }

  /// Whether the precision that was asked for is reached.
  bool precise() const {
    if (options_.precision == 0 || result_.units < few_units)
      return false;
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (Index i = 0; i < n_; ++i)
      for (Index j = i + 1; j < n_; ++j) {
        least = std::min(least, estimate_(i, j) + mean_(i, j));
        most = std::max(most, estimate_(i, j) + mean_(i, j));
      }
    const double error = largest_error();
    return error == 0 || error < options_.precision * (most - least);
  }

  void tell() const {
    if (options_.observer)
      options_.observer({result_.evaluations, options_.budget,
                         result_.units < 2 ? std::nullopt : std::optional(largest_error())});
  }

  void report() {
    for (Index i = 0; i < n_; ++i)
      for (Index j = i; j < n_; ++j)
        result_.matrix(i, j) = estimate_(i, j) + mean_(i, j);
    if (result_.units >= 2) {
      Tensor<double, 2> errors({n_, n_});
      for (Index i = 0; i < n_; ++i)
        for (Index j = i; j < n_; ++j)
          errors(i, j) = errors(j, i) = standard_error(i, j);
      result_.standard_errors = std::move(errors);
      result_.degrees_of_freedom = static_cast<double>(result_.units - 1);
    }
    finish(result_);
    if (!stopped() && !converged_)
      result_.status = result_.units < few_units ? Status::few_samples : Status::budget_reached;
    tell();
  }

  /// The mean of what is left at one size, in the units so far.
  struct SizeMean {
    double value = 0, count = 0;
    void add(double term) { value += (term - value) / ++count; }
  };

  const G& game_;
  const SolverOptions& options_;
  const Executor& executor_;
  Index n_;
  InteractionLaw law_;
  std::vector<InteractionTerms> terms_; // by size
  InteractionResult result_;
  CoalitionBuffer wanted_; // what is evaluated next: coalitions, each before its complement
  QuadraticGame fitted_;
  std::vector<double> weights_; // how much a size is drawn, by size up to n / 2
  Index first_sampled_ = 2;     // sizes below it, and their complements, are enumerated
  Index planned_ = 0;           // units
  bool converged_ = false;
  std::vector<SizeMean> size_means_;
  Tensor<double, 2> estimate_;       // what is known without sampling
  Tensor<double, 2> mean_, squares_; // of the units, and of their differences to the mean
};

} // namespace detail

template <class G>
InteractionResult sample_interactions(const G& game, InteractionIndex index, const SolverOptions& options,
                                      const Executor& executor) {
  require_game<G>();
  detail::check(options);
  const Index players = game.players();
  if (players <= max_enumerated_players && options.budget >= Index{1} << players)
    return enumerate_interactions(game, index, options, executor);
  detail::check_budget(options, players < 4 ? Index{1} << players : 2 * players + 6, "sampled interactions",
                       players);
  return detail::InteractionSampler<G>(game, index, options, executor).run();
}

template <class G>
InteractionResult interactions(const G& game, InteractionIndex index, const SolverOptions& options,
                               const Executor& executor) {
  if constexpr (detail::ClosedFormInteractions<G>) {
    detail::check(options);
    return interactions(game, index);
  } else {
    return sample_interactions(game, index, options, executor);
  }
}

} // namespace regard::inline REGARD_ABI
