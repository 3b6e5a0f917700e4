// SPDX-License-Identifier: MIT
// Body of shapley/interactions.hpp: sampled interactions.
#pragma once

#include <regard/core/random.hpp>
#include <regard/shapley/detail/interactions.hpp>

#include <algorithm>
#include <numeric>

namespace regard::inline REGARD_ABI {
namespace detail {

/// Fewer independent units than this are too few to trust their standard errors.
inline constexpr Index min_interaction_units = 30;

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
  }

  /// The mean over coalitions of this size of the square of what they add to a pair.
  double second_moment(Index players, Index size) const {
    const double n = static_cast<double>(players), s = static_cast<double>(size), all = n * (n - 1);
    return ((n - s) * (n - s - 1) * pair[0] * pair[0] + 2 * s * (n - s) * pair[1] * pair[1] +
            s * (s - 1) * pair[2] * pair[2]) /
           all;
  }
};

/// Calls visit(members) for every `size` of `players` players, in lexicographic order; members is a span.
template <class Visit>
void for_each_combination(Index players, Index size, Visit visit) {
  std::vector<Index> members(size);
  std::iota(members.begin(), members.end(), Index{0});
  while (true) {
    visit(std::span<const Index>(members));
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

/// C(n, k) as far as a double goes.
inline double choices(Index n, Index k) {
  double count = 1;
  for (Index i = 1; i <= k; ++i)
    count = std::round(count * static_cast<double>(n - k + i) / static_cast<double>(i));
  return count;
}

/// Estimates of all pairs and players at once, for four players or more and a budget below 2^n.
template <class G>
class InteractionSampler {
 public:
  InteractionSampler(const G& game, InteractionIndex index, const InteractionSampling& options)
      : game_(game), options_(options), n_(game.players()), law_(index, n_),
        result_(interaction_result(index, n_, "sampled")), estimate_({n_, n_}), mean_({n_, n_}),
        squares_({n_, n_}) {
    for (Index size = 0; size <= n_; ++size)
      terms_.emplace_back(law_, n_, size);
  }

  InteractionResult run() {
    plan();
    fit();
    for (Index size = 3; size < first_sampled_; ++size)
      enumerate_size(size);
    sample();
    report();
    return std::move(result_);
  }

 private:
  static constexpr Index batch_units = 64;

  /// Decides which sizes k (each with n - k) are enumerated, and how often a unit, a coalition of size k and
  /// its complement, is drawn of each other one. At least two units remain.
  void plan() {
    weights_.assign(n_ / 2 + 1, 0.0);
    for (Index k = 1; k <= n_ / 2; ++k)
      weights_[k] = std::sqrt(terms_[k].second_moment(n_, k) + terms_[n_ - k].second_moment(n_, n_ - k)) *
                    unit_scale(k);
    double budget = static_cast<double>(options_.max_evaluations) - 2 - 2 * static_cast<double>(n_);
    for (first_sampled_ = 2; first_sampled_ < n_ / 2; ++first_sampled_) {
      const double cost = 2 * choices(n_, first_sampled_);
      if (cost > budget - 4 || budget * weights_[first_sampled_] < cost * sampled_weight())
        break;
      budget -= cost;
    }
    units_ = static_cast<Index>(budget / 2);
  }

  /// Both coalitions of a unit of half the players have the same size: each counts half.
  double unit_scale(Index k) const { return 2 * k == n_ ? 0.5 : 1; }

  double sampled_weight() const {
    return std::accumulate(weights_.begin() + static_cast<std::ptrdiff_t>(first_sampled_), weights_.end(),
                           0.0);
  }

  std::vector<double> evaluate_all(std::span<const MutableCoalition> coalitions) {
    const std::vector<Coalition> views(coalitions.begin(), coalitions.end());
    std::vector<double> values(views.size());
    for (Index first = 0; first < views.size(); first += 2 * batch_units) {
      const Index count = std::min(2 * batch_units, views.size() - first);
      evaluate(game_, std::span<const Coalition>(views).subspan(first, count),
               std::span<double>(values).subspan(first, count));
    }
    result_.evaluations += views.size();
    return values;
  }

  /// The coalition of `members`, or of all others.
  MutableCoalition of(std::span<const Index> members) const { return MutableCoalition(n_, members); }
  MutableCoalition without(std::span<const Index> members) const {
    MutableCoalition coalition = MutableCoalition::full(n_);
    for (const Index member : members)
      coalition.erase(member);
    return coalition;
  }

  /// Fits the game of players and pairs to the sizes 0, 1, n-1 and n, and to 2 and n-2 where they are
  /// enumerated; adds what is known of it, and the part of those sizes that it does not explain.
  void fit() {
    std::vector<MutableCoalition> ends{of({}), without({})}, pairs;
    for_each_combination(n_, 1, [&](std::span<const Index> player) {
      ends.push_back(of(player));
      ends.push_back(without(player));
    });
    if (first_sampled_ > 2)
      for_each_combination(n_, 2, [&](std::span<const Index> pair) {
        pairs.push_back(of(pair));
        pairs.push_back(without(pair));
      });
    const std::vector<double> end_values = evaluate_all(ends), pair_values = evaluate_all(pairs);
    const double empty = result_.value_empty = end_values[0], full = result_.value_full = end_values[1];
    const auto joins = [&](Index i) { return end_values[2 + 2 * i] - empty; }; // v({i}) - v(empty)
    const auto leaves = [&](Index i) { return full - end_values[3 + 2 * i]; }; // v(all) - v(all without i)
    double total = 0;
    for (Index i = 0; i < n_; ++i)
      total += leaves(i) - joins(i);
    const double n = static_cast<double>(n_);
    fitted_ = {empty, std::vector<double>(n_), Tensor<double, 2>({n_, n_})};
    std::vector<double> sums(n_, 0.0); // of the pairs of each player
    Index pair = 0;
    for (Index i = 0; i < n_; ++i)
      for (Index j = i + 1; j < n_; ++j, pair += 2) {
        // The mean of the pair's derivatives at the empty coalition and at all others; where those are not
        // known, the smallest numbers that explain how much more players bring to all others than to none.
        const double weight = pairs.empty()
                                  ? (leaves(i) - joins(i) + leaves(j) - joins(j) - total / (n - 1)) / (n - 2)
                                  : (pair_values[pair] - empty - joins(i) - joins(j) + leaves(i) + leaves(j) -
                                     full + pair_values[pair + 1]) /
                                        2;
        fitted_.pairs(i, j) = weight;
        sums[i] += weight;
        sums[j] += weight;
      }
    for (Index i = 0; i < n_; ++i) {
      fitted_.players[i] = (joins(i) + leaves(i) - sums[i]) / 2;
      estimate_(i, i) = fitted_.players[i] + law_.share() * sums[i];
      for (Index j = i + 1; j < n_; ++j)
        estimate_(i, j) = fitted_.pairs(i, j);
    }
    for (Index c = 0; c < ends.size(); ++c)
      add_enumerated(ends[c], end_values[c]);
    for (Index c = 0; c < pairs.size(); ++c)
      add_enumerated(pairs[c], pair_values[c]);
  }

  void enumerate_size(Index size) {
    std::vector<MutableCoalition> batch;
    const auto flush = [&] {
      const std::vector<double> values = evaluate_all(batch);
      for (Index c = 0; c < batch.size(); ++c)
        add_enumerated(batch[c], values[c]);
      batch.clear();
    };
    for_each_combination(n_, size, [&](std::span<const Index> members) {
      batch.push_back(of(members));
      batch.push_back(without(members));
      if (batch.size() == 2 * batch_units)
        flush();
    });
    flush();
  }

  /// Adds a coalition of a size that is enumerated to the estimates.
  void add_enumerated(const Coalition& coalition, double value) {
    const Index size = coalition.size();
    const double rest = (value - fitted_.value(coalition)) / choices(n_, std::min(size, n_ - size));
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
    std::vector<MutableCoalition> batch;
    std::vector<Index> sizes;
    const double total = sampled_weight();
    while (done_ < units_) {
      batch.clear();
      sizes.clear();
      for (Index unit = done_; unit < std::min(units_, done_ + batch_units); ++unit) {
        RandomStream random(options_.seed, unit);
        double left = random.uniform() * total;
        Index k = first_sampled_;
        while (k < n_ / 2 && left >= weights_[k])
          left -= weights_[k++];
        std::vector<Index> players(n_);
        std::iota(players.begin(), players.end(), Index{0});
        for (Index i = 0; i < k; ++i)
          std::swap(players[i], players[i + random.below(n_ - i)]);
        sizes.push_back(k);
        batch.push_back(of(std::span(players).first(k)));
        batch.push_back(without(std::span(players).first(k)));
      }
      const std::vector<double> values = evaluate_all(batch);
      for (Index unit = 0; unit < sizes.size(); ++unit) {
        const Index k = sizes[unit];
        const double scale = unit_scale(k) * total / weights_[k];
        add_unit(batch[2 * unit], scale * (values[2 * unit] - fitted_.value(batch[2 * unit])), terms_[k],
                 scale * (values[2 * unit + 1] - fitted_.value(batch[2 * unit + 1])), terms_[n_ - k]);
      }
      if (options_.stop.stop_requested() || precise())
        break;
    }
  }

  /// Takes a coalition and its complement, with what is left of their values, into means and squares.
  void add_unit(const Coalition& coalition, double here, const InteractionTerms& terms, double there,
                const InteractionTerms& complement) {
    const std::array<double, 3> pair{here * terms.pair[0] + there * complement.pair[2],
                                     here * terms.pair[1] + there * complement.pair[1],
                                     here * terms.pair[2] + there * complement.pair[0]};
    const std::array<double, 2> single{here * terms.single[0] + there * complement.single[1],
                                       here * terms.single[1] + there * complement.single[0]};
    const double count = static_cast<double>(++done_);
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
    const double count = static_cast<double>(done_);
    return std::sqrt(squares_(i, j) / (count * (count - 1)));
  }

  /// Whether the precision that was asked for is reached.
  bool precise() const {
    if (options_.precision <= 0 || done_ < min_interaction_units)
      return false;
    double error = 0, least = HUGE_VAL, most = -HUGE_VAL;
    for (Index i = 0; i < n_; ++i)
      for (Index j = i + 1; j < n_; ++j) {
        error = std::max(error, standard_error(i, j));
        least = std::min(least, estimate_(i, j) + mean_(i, j));
        most = std::max(most, estimate_(i, j) + mean_(i, j));
      }
    return error <= options_.precision * (most - least);
  }

  void report() {
    result_.standard_errors = Tensor<double, 2>({n_, n_});
    for (Index i = 0; i < n_; ++i)
      for (Index j = i; j < n_; ++j) {
        result_.matrix(i, j) = estimate_(i, j) + mean_(i, j);
        (*result_.standard_errors)(i, j) = (*result_.standard_errors)(j, i) = standard_error(i, j);
      }
    finish(result_);
    if (done_ < units_ && !precise())
      result_.status = Status::stopped;
    else if (done_ < min_interaction_units)
      result_.status = Status::few_samples;
    else if (options_.precision > 0 && !precise())
      result_.status = Status::budget_reached;
  }

  const G& game_;
  const InteractionSampling& options_;
  Index n_;
  InteractionLaw law_;
  std::vector<InteractionTerms> terms_; // by size
  InteractionResult result_;
  QuadraticGame fitted_;
  std::vector<double> weights_;      // how much a size is drawn, by size up to n / 2
  Index first_sampled_ = 2;          // sizes below it, and their complements, are enumerated
  Index units_ = 0, done_ = 0;       // planned, drawn
  Tensor<double, 2> estimate_;       // what is known without sampling
  Tensor<double, 2> mean_, squares_; // of the units, and of their differences to the mean
};

} // namespace detail

template <class G>
InteractionResult sample_interactions(const G& game, InteractionIndex index,
                                      const InteractionSampling& options) {
  require_game<G>();
  const Index players = game.players();
  if (!(options.precision >= 0))
    throw InvalidArgument("interactions: found the precision " + detail::number_text(options.precision) +
                          ", expected 0 or more");
  if (players <= max_enumerated_players && options.max_evaluations >= Index{1} << players)
    return enumerate_interactions(game, index);
  const Index least = players < 4 ? Index{1} << players : 2 * players + 6;
  if (options.max_evaluations < least)
    throw InvalidArgument("interactions of " + std::to_string(players) + " players: found a budget of " +
                          std::to_string(options.max_evaluations) + " evaluations, expected at least " +
                          std::to_string(least));
  return detail::InteractionSampler<G>(game, index, options).run();
}

} // namespace regard::inline REGARD_ABI
