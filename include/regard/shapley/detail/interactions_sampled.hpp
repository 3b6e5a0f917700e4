// SPDX-License-Identifier: MIT
// Body of shapley/interactions.hpp: sampled interactions.
#pragma once

#include <regard/core/random.hpp>
#include <regard/shapley/detail/coalition_set.hpp>
#include <regard/shapley/detail/interactions.hpp>
#include <regard/shapley/detail/kernel.hpp>
#include <regard/shapley/detail/size_quadratics.hpp>

#include <algorithm>
#include <numeric>

namespace regard::inline REGARD_ABI {
namespace detail {

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

/// Estimates of all pairs and players at once, for four players or more and a budget below 2^n.
///
/// A unit is a coalition of size k <= n / 2 and its complement. Sizes are strata, or several of them where
/// there are few units; within one size no unit is drawn twice, and strata get units in proportion to what
/// they weigh in the index. A stratum's part of the index is that of a fitted game, which is known, and the
/// mean over its units of the part of what is left. Every unit is compared with a fit without its fold, so
/// the estimate is unbiased whatever the fit is worth (but for the ridge, which is chosen once for all).
template <class G, class Real = double>
class InteractionSampler {
 public:
  InteractionSampler(const G& game, InteractionIndex index, const SolverOptions& options,
                     const Executor& executor)
      : game_(game), options_(options), executor_(executor), n_(game.players()), law_(index, n_), sizes_(n_),
        result_(interaction_result(index, n_, "sampled")), base_(n_, 0.0), drawn_(n_) {
    for (Index size = 0; size <= n_; ++size)
      terms_.emplace_back(law_, n_, size);
  }

  InteractionResult run() {
    plan();
    evaluate_ends();
    bool converged = false;
    const bool look = options_.precision > 0 || options_.observer;
    Index next = look ? 1 : planned_; // units after which the estimate is looked at
    while (units_.size() < planned_ && result_.status != Status::stopped && !converged) {
      draw(std::min({planned_ - units_.size(), next - units_.size(), wave()}));
      if (units_.size() < next)
        continue;
      next = next_look(next);
      if (units_.size() == planned_ || !look)
        continue;
      estimate();
      converged = precise();
      if (!converged)
        tell();
    }
    estimate();
    finish(result_);
    if (converged)
      result_.status = Status::converged;
    else if (result_.status != Status::stopped)
      result_.status =
          result_.degrees_of_freedom + 1 < few_units ? Status::few_samples : Status::budget_reached;
    tell();
    return std::move(result_);
  }

 private:
  /// Sizes that are drawn from together.
  struct Stratum {
    std::vector<Index> sizes;
    double weight = 0; // of all of them
    double all = 0;    // pairs of coalitions that there are
    Index planned = 0, taken = 0;
  };

  struct Unit {
    Index stratum;
    double here, there; // values of the coalition and of its complement, less v(empty) and the base
  };

  /// Below this many units a stratum takes in the next size.
  static constexpr Index stratum_units = 4;

  /// How much a size k and its complement weigh. Of half the players there is one size, which counts once.
  double weight(Index k) const {
    return share(k) * std::sqrt(terms_[k].second_moment(n_, k) + terms_[n_ - k].second_moment(n_, n_ - k));
  }
  double share(Index k) const { return sizes_.halves(k) ? 0.5 : 1; }

  /// Shares the budget out: sizes that are due more units than they have are taken whole.
  void plan() {
    planned_ = (options_.budget - 2 - 2 * n_) / 2;
    std::vector<bool> whole(n_ / 2 + 1, false);
    double left = static_cast<double>(planned_), total = 0;
    for (Index k = 2; k <= n_ / 2; ++k)
      total += weight(k);
    for (bool changed = true; changed;) {
      changed = false;
      for (Index k = 2; k <= n_ / 2; ++k) {
        const double due = total > 0 ? left * weight(k) / total : 0, all = sizes_.pairs(k);
        if (whole[k] || due < all || left - all < static_cast<double>(stratum_units))
          continue;
        whole[k] = changed = true;
        strata_.push_back({{k}, weight(k), all, static_cast<Index>(all), 0});
        left -= all;
        total -= weight(k);
      }
    }
    const Index first = strata_.size();
    const auto due = [&](const Stratum& stratum) { return left * stratum.weight / total; };
    for (Index k = 2; k <= n_ / 2; ++k) {
      if (whole[k])
        continue;
      if (strata_.size() == first || due(strata_.back()) >= static_cast<double>(stratum_units))
        strata_.emplace_back();
      Stratum& stratum = strata_.back();
      stratum.sizes.push_back(k);
      stratum.weight += weight(k);
      stratum.all += sizes_.pairs(k);
    }
    if (strata_.size() > first + 1 && due(strata_.back()) < static_cast<double>(stratum_units)) {
      const Stratum last = std::move(strata_.back());
      strata_.pop_back();
      strata_.back().sizes.insert(strata_.back().sizes.end(), last.sizes.begin(), last.sizes.end());
      strata_.back().weight += last.weight;
      strata_.back().all += last.all;
    }
    share_out(static_cast<Index>(left), std::span(strata_).subspan(first));
  }

  /// Units one by one to the stratum that lacks most of its share.
  static void share_out(Index units, std::span<Stratum> strata) {
    for (Index unit = 0; unit < units; ++unit) {
      Stratum* neediest = nullptr;
      for (Stratum& stratum : strata)
        if (static_cast<double>(stratum.planned) < stratum.all &&
            (neediest == nullptr || static_cast<double>(stratum.planned + 1) * neediest->weight <
                                        static_cast<double>(neediest->planned + 1) * stratum.weight))
          neediest = &stratum;
      if (neediest != nullptr)
        ++neediest->planned;
    }
  }

  Index wave() const { return std::max(options_.batch_size, Index{256}) * executor_.workers(); }

  /// After a stop request fewer values are known than were wanted.
  std::vector<double> evaluate_all(const CoalitionBuffer& wanted, const SolverOptions& options) {
    std::vector<Coalition> coalitions;
    for (Index c = 0; c < wanted.size(); ++c)
      coalitions.push_back(wanted[c]);
    std::vector<double> values(coalitions.size());
    values.resize(evaluate(game_, coalitions, values, options, executor_));
    result_.evaluations += values.size();
    if (values.size() < coalitions.size())
      result_.status = Status::stopped;
    return values;
  }

  /// The sizes 0, 1, n-1 and n: the least there is to know. The base is the additive game of what players
  /// add to nobody and to all others, on average; it is taken off everywhere, and given back at the end.
  void evaluate_ends() {
    CoalitionBuffer wanted(n_);
    for (Index i = 0; i <= n_; ++i) {
      MutableCoalition coalition = i == n_ ? MutableCoalition(n_) : MutableCoalition(n_, {i});
      ask_pair(coalition, wanted);
    }
    SolverOptions always = options_;
    always.stop = {};
    ends_ = evaluate_all(wanted, always);
    result_.value_empty = ends_[2 * n_];
    result_.value_full = ends_[2 * n_ + 1];
    for (Index i = 0; i < n_; ++i)
      base_[i] = (ends_[2 * i] - result_.value_empty + result_.value_full - ends_[2 * i + 1]) / 2;
    end_coalitions_ = std::move(wanted);
    for (Index c = 0; c < ends_.size(); ++c)
      ends_[c] = rest(end_coalitions_[c], ends_[c]);
  }

  double rest(const Coalition& coalition, double value) const {
    CompensatedSum sum;
    sum.add(value);
    sum.add(-result_.value_empty);
    for (const Index i : coalition)
      sum.add(-base_[i]);
    return sum.value();
  }

  /// Draws and evaluates units: two for each stratum at first, then where most are lacking.
  void draw(Index count) {
    CoalitionBuffer wanted(n_);
    std::vector<Index> chosen;
    MutableCoalition z(n_);
    for (Index unit = units_.size(); unit < units_.size() + count; ++unit) {
      RandomStream random(options_.seed, unit);
      chosen.push_back(next_stratum());
      Stratum& stratum = strata_[chosen.back()];
      ++stratum.taken;
      if (stratum.sizes.size() > 1) {
        std::vector<double> weights;
        weights.reserve(stratum.sizes.size());
        for (const Index k : stratum.sizes)
          weights.push_back(weight(k));
        sizes_.draw(random, stratum.sizes[WeightedChoice<>(weights).draw(random)], z);
      } else {
        do
          sizes_.draw(random, stratum.sizes.front(), z);
        while (!drawn_.add(z).second);
      }
      ask_pair(z, wanted);
    }
    const std::vector<double> values = evaluate_all(wanted, options_);
    for (Index u = 0; 2 * u + 1 < values.size(); ++u) {
      units_.push_back(
          {chosen[u], rest(wanted[2 * u], values[2 * u]), rest(wanted[2 * u + 1], values[2 * u + 1])});
      coalitions_.add(wanted[2 * u]);
    }
  }

  Index next_stratum() const {
    const auto lack = [](const Stratum& stratum) {
      return stratum.taken < std::min<Index>(2, stratum.planned)
                 ? HUGE_VAL
                 : static_cast<double>(stratum.planned - stratum.taken) /
                       static_cast<double>(stratum.planned);
    };
    Index chosen = 0;
    for (Index s = 1; s < strata_.size(); ++s)
      if (lack(strata_[s]) > lack(strata_[chosen]))
        chosen = s;
    return chosen;
  }

  // ---- estimates ----

  /// Sets the matrix, the standard errors and their degrees from the units so far.
  void estimate() {
    for (double& entry : result_.matrix)
      entry = 0;
    Tensor<double, 2> variance({n_, n_});
    for (Index c = 0; c < ends_.size(); ++c)
      add_terms(end_coalitions_[c], ends_[c] / choose(n_, end_coalitions_[c].size()), result_.matrix);
    std::vector<std::vector<Index>> members(strata_.size()); // units of each stratum
    for (Index u = 0; u < units_.size(); ++u)
      members[units_[u].stratum].push_back(u);
    const std::vector<Index> folds = fold_units(members);
    const FitRows<Real> rows = fit_rows(folds);
    const std::vector<QuadraticFit<Real>> fits = fit_folds(rows);
    std::vector<Vector<Real>> fitted(fits.size());
    executor_.for_each(fits.size(), [&](Index f, Index) { fitted[f] = fits[f].fitted(); });

    bool errors = true;
    double degrees = 0;
    result_.units = 0;
    for (Index s = 0; s < strata_.size(); ++s) {
      if (static_cast<double>(members[s].size()) == strata_[s].all) {
        for (const Index u : members[s])
          add_unit(u, units_[u].here, units_[u].there, 1 / strata_[s].all, result_.matrix);
        continue;
      }
      const double m = static_cast<double>(members[s].size());
      result_.units += members[s].size();
      errors = errors && m > 1;
      degrees += m - 1;
      add_stratum(s, members[s], folds, fits, fitted, variance);
    }
    for (Index i = 0; i < n_; ++i)
      result_.matrix(i, i) += base_[i];
    result_.standard_errors.reset();
    result_.degrees_of_freedom = errors ? degrees : 0;
    if (errors) {
      for (Index i = 0; i < n_; ++i)
        for (Index j = i; j < n_; ++j)
          variance(i, j) = variance(j, i) = std::sqrt(std::max(0.0, variance(i, j)));
      result_.standard_errors = std::move(variance);
    }
  }

  /// Adds what a value of a coalition adds to a matrix on the diagonal and above it.
  void add_terms(const Coalition& coalition, double value, Tensor<double, 2>& matrix) const {
    const InteractionTerms& terms = terms_[coalition.size()];
    std::vector<Index> member(n_, 0);
    for (const Index i : coalition)
      member[i] = 1;
    for (Index i = 0; i < n_; ++i) {
      matrix(i, i) += value * terms.single[member[i]];
      for (Index j = i + 1; j < n_; ++j)
        matrix(i, j) += value * terms.pair[member[i] + member[j]];
    }
  }

  void add_unit(Index unit, double here, double there, double scale, Tensor<double, 2>& matrix) const {
    MutableCoalition z(coalitions_[unit]);
    scale *= share(z.size());
    add_terms(z, scale * here, matrix);
    complement(z);
    add_terms(z, scale * there, matrix);
  }

  /// The part of a stratum, and its variance. Of a fold's game the part is known. What is left is known of
  /// the units that it was fitted to; the fold's own units stand for all the others, from which they were
  /// drawn.
  void add_stratum(Index s, std::span<const Index> members, std::span<const Index> folds,
                   std::span<const QuadraticFit<Real>> fits, std::span<const Vector<Real>> fitted,
                   Tensor<double, 2>& variance) {
    const Stratum& stratum = strata_[s];
    const double count = static_cast<double>(members.size());
    const double one = stratum.sizes.size() > 1 ? 0 : 1 / stratum.all; // a unit's share of the stratum
    const auto add = [&](Index u, Index fold, double scale, Tensor<double, 2>& matrix) {
      const auto row = static_cast<Eigen::Index>(ends_.size() + 2 * u);
      add_unit(u, units_[u].here - fitted[fold][row], units_[u].there - fitted[fold][row + 1],
               scale * stratum.weight / weight(coalitions_[u].size()), matrix);
    };
    std::vector<double> own(fits.size(), 0.0); // units of each fold
    for (const Index u : members)
      ++own[folds[u]];
    std::vector<Tensor<double, 2>> game(fits.size()), seen(fits.size());
    executor_.for_each(fits.size(), [&](Index fold, Index) {
      game[fold] = Tensor<double, 2>({n_, n_});
      for (const Index k : stratum.sizes) {
        add_known(fits[fold].game(), k, game[fold]);
        if (!sizes_.halves(k))
          add_known(fits[fold].game(), n_ - k, game[fold]);
      }
      seen[fold] = game[fold];
      if (one > 0)
        for (const Index u : members)
          if (folds[u] != fold)
            add(u, fold, one, seen[fold]);
    });
    for (Index fold = 0; fold < fits.size(); ++fold) {
      const double part = members.empty() ? 1 / static_cast<double>(fits.size()) : own[fold] / count;
      for (Index entry = 0; entry < result_.matrix.size(); ++entry)
        result_.matrix.data()[entry] += part * seen[fold].data()[entry];
    }
    Tensor<double, 2> mean({n_, n_}), squares({n_, n_}), term({n_, n_}); // of the units, each for all
    double before = 0;
    for (const Index u : members) {
      const Index fold = folds[u];
      add(u, fold, (1 - one * (count - own[fold])) / count, result_.matrix);
      std::copy(game[fold].begin(), game[fold].end(), term.begin());
      add(u, fold, 1, term);
      ++before;
      for (Index i = 0; i < n_; ++i)
        for (Index j = i; j < n_; ++j) {
          const double off = term(i, j) - mean(i, j);
          mean(i, j) += off / before;
          squares(i, j) += off * (term(i, j) - mean(i, j));
        }
    }
    if (count > 1)
      for (Index i = 0; i < n_; ++i)
        for (Index j = i; j < n_; ++j)
          variance(i, j) += (1 - one * count) * squares(i, j) / (count * (count - 1));
  }

  /// Adds the part of one size of the index of a fitted game: the mean of its values, given who of a pair is
  /// a member, times what they add.
  void add_known(const SizeQuadratic<Real>& game, Index size, Tensor<double, 2>& matrix) const {
    const double n = static_cast<double>(n_), s = static_cast<double>(size);
    const double c = game.sizes[size], all = game.players.sum();
    const Vector<Real> links = game.pairs.rowwise().sum();
    const double total = links.sum() / 2;
    // the mean of y, and of the product of two, among `others` of which `in` are members
    const auto one = [](double others, double in) { return (2 * in - others) / others; };
    const auto two = [](double others, double in) {
      const double sum = 2 * in - others;
      return (sum * sum - others) / (others * (others - 1));
    };
    const InteractionTerms& terms = terms_[size];
    for (Index i = 0; i < n_; ++i) {
      const auto a = static_cast<Eigen::Index>(i);
      for (int in = 0; in < 2; ++in) {
        const double y = 2 * in - 1, part = in == 1 ? s / n : 1 - s / n, rest = s - in;
        const double q = one(n - 1, rest), r = two(n - 1, rest);
        matrix(i, i) +=
            part * terms.single[static_cast<Index>(in)] *
            (c + game.players[a] * y + q * (all - game.players[a] + y * links[a]) + r * (total - links[a]));
      }
      for (Index j = i + 1; j < n_; ++j) {
        const auto b = static_cast<Eigen::Index>(j);
        const double pair = game.pairs(a, b), rest_players = all - game.players[a] - game.players[b],
                     rest_pairs = total - links[a] - links[b] + pair;
        for (int in = 0; in < 4; ++in) {
          const bool first = (in & 1) != 0, second = (in & 2) != 0;
          const double ya = first ? 1 : -1, yb = second ? 1 : -1;
          const double both = static_cast<double>(first) + static_cast<double>(second), rest = s - both;
          const double part =
              (first ? s : n - s) * (second ? s - (first ? 1 : 0) : n - s - (first ? 0 : 1)) / (n * (n - 1));
          const double q = one(n - 2, rest);
          matrix(i, j) += part * terms.pair[static_cast<Index>(first) + static_cast<Index>(second)] *
                          (c + game.players[a] * ya + game.players[b] * yb + pair * ya * yb +
                           q * (rest_players + ya * (links[a] - pair) + yb * (links[b] - pair)) +
                           two(n - 2, rest) * rest_pairs);
        }
      }
    }
  }

  // ---- the fit ----

  /// Many units need fewer folds.
  Index fold_count() const {
    const double work = static_cast<double>(2 * units_.size()) * static_cast<double>(n_ * n_);
    return work < 2e7 ? 10 : 3;
  }

  /// The fold of each unit; none for a stratum of which all units are there.
  std::vector<Index> fold_units(std::span<const std::vector<Index>> members) const {
    std::vector<Index> folds(units_.size(), FitRows<Real>::no_fold);
    for (Index s = 0; s < members.size(); ++s)
      if (static_cast<double>(members[s].size()) != strata_[s].all)
        for (Index m = 0; m < members[s].size(); ++m)
          folds[members[s][m]] = (m + s) % fold_count();
    return folds;
  }

  FitRows<Real> fit_rows(std::span<const Index> folds) const {
    const Index count = ends_.size() + 2 * units_.size();
    FitRows<Real> rows;
    rows.signs = Matrix<Real>::Constant(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(n_), -1);
    rows.values.resize(static_cast<Eigen::Index>(count));
    const auto add = [&](const Coalition& coalition, double value, Index fold) {
      const auto row = static_cast<Eigen::Index>(rows.rows());
      for (const Index i : coalition)
        rows.signs(row, static_cast<Eigen::Index>(i)) = 1;
      rows.values[row] = value;
      rows.size.push_back(coalition.size());
      rows.fold.push_back(fold);
    };
    for (Index c = 0; c < ends_.size(); ++c)
      add(end_coalitions_[c], ends_[c], FitRows<Real>::no_fold);
    for (Index u = 0; u < units_.size(); ++u) {
      MutableCoalition z(coalitions_[u]);
      add(z, units_[u].here, folds[u]);
      complement(z);
      add(z, units_[u].there, folds[u]);
    }
    return rows;
  }

  /// A game for each fold, from the rows of the others. With p unknowns and a part r of the variance left
  /// by the last fit, the ridge is p r / (1 - r): the noise by the mean square of a coefficient. A fit that
  /// explains nothing is dropped.
  std::vector<QuadraticFit<Real>> fit_folds(const FitRows<Real>& rows) const {
    std::vector<QuadraticFit<Real>> fits;
    double squares = 0;
    for (Index fold = 0; fold < fold_count(); ++fold) {
      fits.emplace_back(rows, fold);
      squares += fits.back().constant_squares();
    }
    const double unknowns = static_cast<double>(n_ * (n_ + 1)) / 2;
    double ridge = unknowns / 10, left = 1;
    for (int pass = 0; pass < most_passes && squares > 0; ++pass) {
      std::vector<double> residuals(fits.size());
      executor_.for_each(fits.size(), [&](Index f, Index) {
        fits[f].fit(ridge);
        residuals[f] = fits[f].residual_squares();
      });
      const double before =
          std::exchange(left, std::accumulate(residuals.begin(), residuals.end(), 0.0) / squares);
      ridge = unknowns * std::clamp(left / std::max(1 - left, 1e-9), 1e-12, 3.0);
      if (pass > 0 && left > before / 4) // games of players and pairs go on
        break;
    }
    if (!(left < 1))
      for (QuadraticFit<Real>& fit : fits)
        fit.clear();
    return fits;
  }

  static constexpr int most_passes = 10;

  // ---- what is reported ----

  double largest_error() const {
    double error = 0;
    for (Index i = 0; i < n_; ++i)
      for (Index j = i + 1; j < n_; ++j)
        error = std::max(error, (*result_.standard_errors)(i, j));
    return error;
  }

  /// Whether the precision that was asked for is reached.
  bool precise() const {
    if (options_.precision == 0 || result_.degrees_of_freedom + 1 < few_units)
      return false;
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (Index i = 0; i < n_; ++i)
      for (Index j = i + 1; j < n_; ++j) {
        least = std::min(least, result_.matrix(i, j));
        most = std::max(most, result_.matrix(i, j));
      }
    const double error = largest_error();
    return error == 0 || error < options_.precision * (most - least);
  }

  void tell() const {
    if (options_.observer)
      options_.observer({result_.evaluations, options_.budget,
                         result_.standard_errors ? std::optional(largest_error()) : std::nullopt});
  }

  const G& game_;
  const SolverOptions& options_;
  const Executor& executor_;
  Index n_;
  InteractionLaw law_;
  PairSizes<> sizes_;
  std::vector<InteractionTerms> terms_; // by size
  InteractionResult result_;
  std::vector<double> base_;
  CoalitionBuffer end_coalitions_{0};
  std::vector<double> ends_; // less v(empty) and the base
  std::vector<Stratum> strata_;
  Index planned_ = 0; // units
  CoalitionSet<> drawn_;
  std::vector<Unit> units_;
  CoalitionBuffer coalitions_{n_}; // the smaller of each unit
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
