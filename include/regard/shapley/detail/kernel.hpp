// SPDX-License-Identifier: MIT
// KernelSHAP and leverage-score sampling: which pairs of complementary coalitions the regression is given.
#pragma once

#include <regard/shapley/detail/pair_regression.hpp>
#include <regard/shapley/detail/sampling.hpp>

#include <deque>
#include <numeric>

namespace regard::inline REGARD_ABI {
namespace detail {

/// Pairs of complementary coalitions among n players, by the smaller of their two sizes: 1, ..., n / 2. The
/// one that stands for the pair is the smaller, or of two halves the one with player 0.
REGARD_LAZY
class PairSizes {
 public:
  explicit PairSizes(Index players) : players_(players) {}

  Index count() const { return players_ / 2; }
  bool halves(Index size) const { return 2 * size == players_; }

  /// How many pairs there are of a size; infinite beyond the range of double.
  double pairs(Index size) const { return choose(players_, size) / (halves(size) ? 2 : 1); }

  /// The Shapley kernel's mass on a size, (n - 1) / (C(n, s) s (n - s)) for each coalition, up to a factor.
  double mass(Index size) const {
    return (halves(size) ? 1.0 : 2.0) / (static_cast<double>(size) * static_cast<double>(players_ - size));
  }

  /// A uniform pair of a size.
  void draw(RandomStream& random, Index size, MutableCoalition& z) const {
    draw_coalition(random, size, z);
    if (halves(size) && !z.contains(0))
      complement(z);
  }

 private:
  Index players_;
};

/// Asks for both coalitions of a pair.
REGARD_LAZY
void ask_pair(MutableCoalition& z, CoalitionBuffer& wanted) {
  wanted.add(z);
  complement(z);
  wanted.add(z);
  complement(z);
}

/// Walks over all pairs of the sizes 1, 2, ..., last, the members of each in lexicographic order.
REGARD_LAZY
class PairWalk {
 public:
  PairWalk(Index players, Index last) : players_(players), last_(last) {}

  /// Sets z to the next pair; false at the end.
  bool next(MutableCoalition& z) {
    if (!advance()) {
      if (members_.size() >= last_)
        return false;
      members_.resize(members_.size() + 1);
      std::iota(members_.begin(), members_.end(), Index{0});
    }
    z.clear();
    for (const Index member : members_)
      z.insert(member);
    return true;
  }

 private:
  bool advance() {
    const Index size = members_.size();
    const Index fixed = 2 * size == players_ ? 1 : 0; // of two halves the one with player 0
    for (Index k = size; k-- > fixed;)
      if (members_[k] + (size - k) < players_) {
        std::iota(members_.begin() + static_cast<std::ptrdiff_t>(k), members_.end(), members_[k] + 1);
        return true;
      }
    return false;
  }

  Index players_, last_;
  std::vector<Index> members_;
};

/// First come all pairs of the sizes 1, 2, ..., as long as the budget that is left, shared out by the
/// kernel's mass, covers the whole size. The rest is drawn: a size by its mass, then a pair. One that comes
/// again counts again and costs nothing.
template <class Real>
class KernelEstimator {
 public:
  static constexpr bool has_errors = true;

  KernelEstimator(Index players, std::uint64_t seed, Index budget)
      : seed_(seed), sizes_(players), whole_sizes_(affordable(sizes_, budget)), walk_(players, whole_sizes_),
        regression_(players), z_(players), choice_(sampled_masses()), most_draws_(4 * budget) {}

  static constexpr Index unit_cost() { return 2; }
  void start(const Ends& ends) { regression_.start(ends); }

  std::optional<Index> draw(Index unit, CoalitionBuffer& wanted) {
    const bool whole = walk_.next(z_);
    if (!whole) {
      if (whole_sizes_ == sizes_.count() || drawn_++ == most_draws_)
        return {};
      RandomStream random(seed_, unit);
      sizes_.draw(random, whole_sizes_ + 1 + choice_.draw(random), z_);
    }
    const auto [pair, fresh] = regression_.find(z_);
    if (fresh)
      ask_pair(z_, wanted);
    pending_.push_back({pair, fresh, whole});
    return fresh ? 2 : 0;
  }

  void add(Index, std::span<const double> values) {
    const Pending unit = pending_.front();
    pending_.pop_front();
    if (unit.fresh) {
      regression_.set(unit.pair, values[0] - values[1]);
      hits_.push_back(0);
    }
    if (!unit.whole) {
      ++hits_[unit.pair];
      ++draws_;
    }
  }

  Estimate estimate() const {
    std::vector<PairWeight> weights;
    const double share = sampled_mass_ / static_cast<double>(std::max<Index>(draws_, 1));
    for (Index pair = 0; pair < regression_.size(); ++pair) {
      const Index size = regression_[pair].size();
      if (size <= whole_sizes_)
        weights.push_back({sizes_.mass(size) / sizes_.pairs(size), 0, 0, 0});
      else
        weights.push_back({share * static_cast<double>(hits_[pair]), hits_[pair], 0, 0});
    }
    Estimate result = regression_.solve(weights, 1);
    double all = 0;
    for (Index size = 1; size <= sizes_.count(); ++size)
      all += sizes_.pairs(size);
    result.exact = static_cast<double>(regression_.size()) == all;
    return result;
  }

 private:
  struct Pending {
    Index pair;
    bool fresh, whole;
  };

  /// How many sizes to take whole.
  static Index affordable(const PairSizes<>& sizes, Index budget) {
    const Index affordable_pairs = (budget - std::min<Index>(budget, 2)) / 2;
    double mass = 0, left = static_cast<double>(affordable_pairs);
    for (Index size = 1; size <= sizes.count(); ++size)
      mass += sizes.mass(size);
    Index whole = 0;
    while (whole < sizes.count()) {
      const double pairs = sizes.pairs(whole + 1), own = sizes.mass(whole + 1);
      if (left * (whole + 1 == sizes.count() ? 1 : own / mass) < pairs)
        break;
      left -= pairs;
      mass -= own;
      ++whole;
    }
    return whole;
  }

  /// The masses of the other sizes; sets their sum.
  std::vector<double> sampled_masses() {
    std::vector<double> masses;
    for (Index size = whole_sizes_ + 1; size <= sizes_.count(); ++size) {
      masses.push_back(sizes_.mass(size));
      sampled_mass_ += masses.back();
    }
    return masses.empty() ? std::vector{1.0} : masses;
  }

  std::uint64_t seed_;
  PairSizes<> sizes_;
  Index whole_sizes_; // the sizes 1, ..., whole_sizes_ are taken whole
  PairWalk<> walk_;
  PairRegression<Real> regression_;
  MutableCoalition z_;
  double sampled_mass_ = 0; // before choice_, which sets it
  WeightedChoice<> choice_;
  Index most_draws_, drawn_ = 0, draws_ = 0; // asked for, and added
  std::vector<Index> hits_;                  // of each pair
  std::deque<Pending> pending_;
};

/// Musco and Witter 2024: the leverage score of a coalition of size s is proportional to 1 / C(n, s), so
/// sizes are drawn alike. Here in rounds: each takes, in random order, one new pair of every size that has
/// any left. So any number of units is balanced over the sizes, nothing is drawn twice, and in the end all is
/// taken. A pair that was taken with m others of its size weighs mass / m.
template <class Real>
class LeverageEstimator {
 public:
  static constexpr bool has_errors = true;

  LeverageEstimator(Index players, std::uint64_t seed)
      : seed_(seed), sizes_(players), regression_(players), z_(players), taken_(sizes_.count() + 1, 0),
        added_(sizes_.count() + 1, 0) {}

  static constexpr Index unit_cost() { return 2; }
  void start(const Ends& ends) { regression_.start(ends); }

  std::optional<Index> draw(Index unit, CoalitionBuffer& wanted) {
    if (round_.empty())
      start_round();
    if (round_.empty())
      return {};
    const Index size = round_.back();
    round_.pop_back();
    ++taken_[size];
    RandomStream random(seed_, unit);
    do
      sizes_.draw(random, size, z_);
    while (!regression_.find(z_).second);
    ask_pair(z_, wanted);
    return 2;
  }

  void add(Index unit, std::span<const double> values) {
    regression_.set(unit, values[0] - values[1]);
    ++added_[regression_[unit].size()];
  }

  Estimate estimate() const {
    const Index count = sizes_.count();
    const bool first_round =
        regression_.size() < count; // some sizes are missing: those that are stand for them
    std::vector<Index> strata(count + 1, 0);
    Index stratum = 0, filled = 0;
    bool exact = true;
    for (Index size = 1; size <= count; ++size) {
      if (filled >= stratum_size && !first_round) {
        ++stratum;
        filled = 0;
      }
      strata[size] = stratum;
      const bool whole = static_cast<double>(added_[size]) == sizes_.pairs(size);
      filled += whole ? 0 : added_[size];
      exact = exact && whole;
    }
    if (filled < stratum_size && stratum > 0) // the last few join those before them
      for (Index size = 1; size <= count; ++size)
        strata[size] = std::min(strata[size], stratum - 1);
    std::vector<PairWeight> weights;
    for (Index pair = 0; pair < regression_.size(); ++pair) {
      const Index size = regression_[pair].size();
      const double taken = static_cast<double>(added_[size]), fraction = taken / sizes_.pairs(size);
      weights.push_back(
          {sizes_.mass(size) / taken, fraction == 1 ? Index{0} : Index{1}, strata[size], fraction});
    }
    Estimate result = regression_.solve(weights, stratum + 1);
    result.exact = exact;
    return result;
  }

 private:
  /// Sizes next to each other share a stratum until it has this many pairs, so that it has a variance.
  static constexpr Index stratum_size = 4;

  void start_round() {
    for (Index size = 1; size <= sizes_.count(); ++size)
      if (static_cast<double>(taken_[size]) < sizes_.pairs(size))
        round_.push_back(size);
    RandomStream random(seed_, ~rounds_++); // beyond the units
    for (Index i = round_.size(); i > 1; --i)
      std::swap(round_[i - 1], round_[random.below(i)]);
  }

  std::uint64_t seed_;
  std::uint64_t rounds_ = 0;
  PairSizes<> sizes_;
  PairRegression<Real> regression_;
  MutableCoalition z_;
  std::vector<Index> taken_, added_; // pairs of each size: drawn, and evaluated
  std::vector<Index> round_;         // the sizes that this round has yet to take
};

} // namespace detail
} // namespace regard::inline REGARD_ABI
