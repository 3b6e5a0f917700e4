// SPDX-License-Identifier: MIT
// KernelSHAP's regression on pairs of complementary coalitions.
#pragma once

#include <regard/shapley/detail/coalition_set.hpp>
#include <regard/shapley/detail/unit_loop.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

namespace regard::inline REGARD_ABI {
namespace detail {

/// What a pair counts for.
struct PairWeight {
  double weight = 0;           ///< in the regression
  Index draws = 0;             ///< how many independent draws hit upon it; 0: it is there by design
  Index stratum = 0;           ///< of the draws: errors are about the mean of their stratum
  double sampled_fraction = 0; ///< of what the stratum could have drawn without replacement
};

/// Minimises sum weight (v(z) - v(empty) - sum_{i in z} phi_i)^2 over z and its complement, under
/// sum phi = D = v(N) - v(empty). Since the sums over both sides are t and D - t, a pair is one observation
///
///     y = (v(z) - v(complement) + D) / 2 - |z| D / n = u' psi,    u = z - |z| / n,    psi = phi - D / n.
///
/// What depends on the size alone, as in games that saturate, is fitted along by two odd polynomials of
/// t = 1 - 2 |z| / n that vanish for all players. Over all coalitions of a size u has the mean 0, so they
/// change nothing when all are taken; of a sample they take noise away.
template <class Real>
class PairRegression {
 public:
  explicit PairRegression(Index players) : players_(players), pairs_(players) {}

  void start(const Ends& ends) { ends_ = ends; }

  /// The number of the pair of z, and whether it is new.
  std::pair<Index, bool> find(const Coalition& z) { return pairs_.add(z); }

  /// Sets v(z) - v(complement); pairs are given theirs in the order in which they were new.
  void set(Index pair, double difference) {
    observed_.resize(pair + 1);
    const double n = static_cast<double>(players_), size = static_cast<double>(pairs_[pair].size());
    observed_[pair] = (difference + ends_.difference() * (1 - 2 * size / n)) / 2;
  }

  /// How many pairs have their values.
  Index size() const { return observed_.size(); }
  Coalition operator[](Index pair) const { return pairs_[pair]; }

  /// The solution, less its bias of first order, and standard errors, where there are draws enough for both.
  Estimate solve(std::span<const PairWeight> weights, Index strata) const;

 private:
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

  /// How many pairs are worked on together, as the columns of a matrix.
  static constexpr Index block = 64;

  /// How many polynomials are fitted.
  Index shapes() const { return size() < 2 * players_ ? 0 : std::min<Index>(2, (players_ - 1) / 2); }

  /// u and the polynomials of the pairs from `first` on.
  Matrix columns(Index first) const {
    const Index count = std::min(block, size() - first);
    const Index shapes = this->shapes();
    Matrix u(static_cast<Eigen::Index>(players_ + shapes), static_cast<Eigen::Index>(count));
    for (Index k = 0; k < count; ++k) {
      const Coalition z = pairs_[first + k];
      const auto column = static_cast<Eigen::Index>(k);
      const double part = static_cast<double>(z.size()) / static_cast<double>(players_), t = 1 - 2 * part;
      u.col(column).setConstant(-part);
      for (const Index i : z)
        u(static_cast<Eigen::Index>(i), column) += 1;
      double shape = t * (1 - t * t);
      for (Index power = 0; power < shapes; ++power, shape *= t * t)
        u(static_cast<Eigen::Index>(players_ + power), column) = shape;
    }
    return u;
  }

  /// Calls visit(weight, stratum, u, move, y) for the pairs that were drawn, where move is the column for u
  /// of moves(columns).
  template <class Moves, class Visit>
  void for_each_draw(std::span<const PairWeight> weights, const Moves& moves, const Visit& visit) const {
    for (Index first = 0; first < size(); first += block) {
      const Matrix u = columns(first), moved = moves(u);
      for (Eigen::Index k = 0; k < u.cols(); ++k)
        if (const Index pair = first + static_cast<Index>(k); weights[pair].draws > 0)
          visit(weights[pair], static_cast<Eigen::Index>(weights[pair].stratum), u.col(k), moved.col(k),
                observed_[pair]);
    }
  }

  void use_draws(const Eigen::LLT<Matrix>& factor, Vector& psi, std::span<const PairWeight> weights,
                 Index strata, Estimate& estimate) const;

  Index players_;
  CoalitionSet<> pairs_;
  std::vector<double> observed_; // y
  Ends ends_;
};

template <class Real>
Estimate PairRegression<Real>::solve(std::span<const PairWeight> weights, Index strata) const {
  const auto n = static_cast<Eigen::Index>(players_), all = static_cast<Eigen::Index>(players_ + shapes());
  Matrix normal = Matrix::Zero(all, all);
  Vector right = Vector::Zero(all);
  for (Index first = 0; first < size(); first += block) {
    Matrix u = columns(first);
    for (Eigen::Index k = 0; k < u.cols(); ++k) {
      const Index pair = first + static_cast<Index>(k);
      const double root = std::sqrt(weights[pair].weight);
      u.col(k) *= root;
      right += u.col(k) * (root * observed_[pair]);
    }
    normal.template selfadjointView<Eigen::Lower>().rankUpdate(u);
  }
  // All u are orthogonal to 1, so that any multiple of 1 1' may be added: this gives 1 the mean eigenvalue.
  const double scale = std::max(normal.topLeftCorner(n, n).trace() / static_cast<double>(n),
                                std::numeric_limits<double>::min());
  normal.topLeftCorner(n, n).array() += scale / static_cast<double>(n);
  Eigen::LLT<Matrix> factor(normal);
  const bool determined = factor.info() == Eigen::Success && factor.rcond() > 1e-12;
  if (!determined) { // the smallest solution: what the pairs say nothing about is shared equally
    normal.diagonal().array() += 1e-10 * scale;
    factor.compute(normal);
  }
  Vector psi = factor.solve(right);
  Estimate estimate;
  if (determined)
    use_draws(factor, psi, weights, strata, estimate);
  const double share = ends_.difference() / static_cast<double>(n) - psi.head(n).mean();
  for (Eigen::Index i = 0; i < n; ++i)
    estimate.values.push_back(share + psi[i]);
  return estimate;
}

/// Let g = w u e be the score of a draw, e its residual, r the sum of a stratum's scores, m its draws, P the
/// inverse above. Leaving out a draw, and weighing the others of its stratum by m / (m - 1) instead, moves
/// psi by m / (m - 1) P (r / m - g). The sum of squares of that is the sandwich; in it e is divided by 1 - h,
/// h = w u' P u, which makes it the residual of a fit without the draw (HC3, MacKinnon and White 1985). To
/// second order the moves have a mean, from which the jackknife (Quenouille 1956) has the bias that is taken
/// off,
///
///     m / (m - 1) P (sum w u u' P r / m - sum h g).
///
/// Draws without replacement have both in proportion to what they left.
template <class Real>
void PairRegression<Real>::use_draws(const Eigen::LLT<Matrix>& factor, Vector& psi,
                                     std::span<const PairWeight> weights, Index strata,
                                     Estimate& estimate) const {
  std::vector<double> draws(strata, 0.0);
  Matrix scores = Matrix::Zero(psi.size(), static_cast<Eigen::Index>(strata));
  for_each_draw(
      weights, [](const Matrix& u) { return u; },
      [&](const PairWeight& design, Eigen::Index stratum, const auto& u, const auto&, double y) {
        draws[design.stratum] += static_cast<double>(design.draws);
        scores.col(stratum) += design.weight * (y - u.dot(psi)) * u;
      });
  const Matrix drift = factor.solve(scores);
  Matrix squares = Matrix::Zero(psi.size(), static_cast<Eigen::Index>(strata)), moved = squares;
  Vector bias = Vector::Zero(psi.size()), variance = bias;
  double fitted = 0;
  bool trusted = true;
  for_each_draw(
      weights, [&](const Matrix& u) { return factor.solve(u); },
      [&](const PairWeight& design, Eigen::Index stratum, const auto& u, const auto& move, double y) {
        const double count = static_cast<double>(design.draws), weight = design.weight / count;
        const double m = draws[design.stratum], left = 1 - design.sampled_fraction;
        const double leverage = weight * u.dot(move), score = weight * (y - u.dot(psi));
        const double out = score / (1 - leverage);
        trusted = trusted && leverage < 1 - 1e-9 && m > 1;
        fitted += count * leverage;
        moved.col(stratum) += count * std::sqrt(left) * out * move;
        squares.col(stratum) += count * left * out * out * move.cwiseAbs2();
        bias +=
            m / (m - 1) * count * left * (weight * u.dot(drift.col(stratum)) / m - leverage * score) * move;
      });
  double degrees = -fitted;
  for (Index s = 0; s < strata; ++s)
    if (const double m = draws[s]; m > 1) {
      const auto stratum = static_cast<Eigen::Index>(s);
      variance += m / (m - 1) * (squares.col(stratum) - moved.col(stratum).cwiseAbs2() / m);
      degrees += m - 1;
    }
  if (!trusted || degrees < 1) // a pair that alone decides about a player, or too few of them
    return;
  psi -= bias;
  std::vector<double> errors;
  for (Eigen::Index i = 0; i < static_cast<Eigen::Index>(players_); ++i)
    errors.push_back(std::sqrt(std::max(0.0, variance[i])));
  estimate.standard_errors = std::move(errors);
  estimate.degrees_of_freedom = degrees;
}

} // namespace detail
} // namespace regard::inline REGARD_ABI
