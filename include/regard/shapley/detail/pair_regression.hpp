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
///     (v(z) - v(complement) + D) / 2 - |z| D / n = u' psi,    u = z - |z| / n,    psi = phi - D / n,
///
/// and psi solves (sum weight u u' + c 1 1') psi = sum weight u y for any c, as all u are orthogonal to 1.
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

  /// The solution, and its standard errors where asked for and possible.
  Estimate solve(std::span<const PairWeight> weights, Index strata, bool with_errors) const;

 private:
  using Matrix = Eigen::MatrixXd;
  using Vector = Eigen::VectorXd;

  /// How many pairs are worked on together, as the columns of a matrix.
  static constexpr Index block = 64;

  /// u of the pairs from `first` on.
  Matrix columns(Index first) const {
    const Index count = std::min(block, size() - first);
    Matrix u(static_cast<Eigen::Index>(players_), static_cast<Eigen::Index>(count));
    for (Index k = 0; k < count; ++k) {
      const Coalition z = pairs_[first + k];
      const auto column = static_cast<Eigen::Index>(k);
      u.col(column).setConstant(-static_cast<double>(z.size()) / static_cast<double>(players_));
      for (const Index i : z)
        u(static_cast<Eigen::Index>(i), column) += 1;
    }
    return u;
  }

  void add_errors(const Eigen::LLT<Matrix>& factor, const Vector& psi, std::span<const PairWeight> weights,
                  Index strata, Estimate& estimate) const;

  Index players_;
  CoalitionSet pairs_;
  std::vector<double> observed_;
  Ends ends_;
};

inline Estimate PairRegression::solve(std::span<const PairWeight> weights, Index strata,
                                      bool with_errors) const {
  const auto n = static_cast<Eigen::Index>(players_);
  Matrix normal = Matrix::Zero(n, n);
  Vector right = Vector::Zero(n);
  for (Index first = 0; first < size(); first += block) {
    Matrix u = columns(first);
    for (Eigen::Index k = 0; k < u.cols(); ++k) {
      const Index pair = first + static_cast<Index>(k);
      const double root = std::sqrt(weights[pair].weight);
      u.col(k) *= root;
      right += u.col(k) * (root * observed_[pair]);
    }
    normal.selfadjointView<Eigen::Lower>().rankUpdate(u);
  }
  const double scale = std::max(normal.trace() / static_cast<double>(n), std::numeric_limits<double>::min());
  Matrix shifted = normal;
  shifted.array() += scale / static_cast<double>(n); // c = scale / n: the eigenvalue of 1 is `scale`
  Eigen::LLT<Matrix> factor(shifted);
  const bool determined = factor.info() == Eigen::Success && factor.rcond() > 1e-12;
  if (!determined) { // the smallest solution: what the pairs say nothing about is shared equally
    shifted.diagonal().array() += 1e-10 * scale;
    factor.compute(shifted);
  }
  Vector psi = factor.solve(right);
  psi.array() -= psi.mean();

  Estimate estimate;
  const double share = ends_.difference() / static_cast<double>(n);
  for (Eigen::Index i = 0; i < n; ++i)
    estimate.values.push_back(share + psi[i]);
  if (with_errors && determined)
    add_errors(factor, psi, weights, strata, estimate);
  return estimate;
}

/// The sandwich: phi moves by P u w e when a pair of residual e is drawn once more, P the inverse above
/// without its part along 1. Residuals are those of a fit without the pair, e / (1 - h) (HC3, MacKinnon and
/// White 1985), h = w u' P u; contributions are taken about the mean of their stratum.
inline void PairRegression::add_errors(const Eigen::LLT<Matrix>& factor, const Vector& psi,
                                       std::span<const PairWeight> weights, Index strata,
                                       Estimate& estimate) const {
  const auto n = static_cast<Eigen::Index>(players_);
  Matrix sums = Matrix::Zero(n, static_cast<Eigen::Index>(strata)), squares = sums;
  std::vector<double> draws(strata, 0.0);
  double fitted = 0;
  for (Index first = 0; first < size(); first += block) {
    const Matrix u = columns(first), moves = factor.solve(u);
    for (Eigen::Index k = 0; k < u.cols(); ++k) {
      const Index pair = first + static_cast<Index>(k);
      const PairWeight& design = weights[pair];
      if (design.draws == 0)
        continue;
      const double count = static_cast<double>(design.draws), weight = design.weight / count;
      const double leverage = weight * u.col(k).dot(moves.col(k));
      if (!(leverage < 1 - 1e-9))
        return; // the pair alone decides about a player: its residual says nothing
      const double residual = observed_[pair] - u.col(k).dot(psi);
      const double score =
          weight * residual / (1 - leverage) * std::sqrt(std::max(0.0, 1 - design.sampled_fraction));
      const auto s = static_cast<Eigen::Index>(design.stratum);
      sums.col(s) += count * score * moves.col(k);
      squares.col(s) += count * score * score * moves.col(k).cwiseAbs2();
      draws[design.stratum] += count;
      fitted += count * leverage;
    }
  }
  Vector variance = Vector::Zero(n);
  double degrees = -fitted;
  for (Index stratum = 0; stratum < strata; ++stratum) {
    const double m = draws[stratum];
    if (m < 2)
      continue;
    const auto s = static_cast<Eigen::Index>(stratum);
    variance += m / (m - 1) * (squares.col(s) - sums.col(s).cwiseAbs2() / m);
    degrees += m - 1;
  }
  if (degrees < 1)
    return;
  std::vector<double> errors;
  for (Eigen::Index i = 0; i < n; ++i)
    errors.push_back(std::sqrt(std::max(0.0, variance[i])));
  estimate.standard_errors = std::move(errors);
  estimate.degrees_of_freedom = degrees;
}

} // namespace detail
} // namespace regard::inline REGARD_ABI
