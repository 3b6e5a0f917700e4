// SPDX-License-Identifier: MIT
// Games of players and pairs, and a constant for every size of coalition, fitted to sampled values.
#pragma once

#include <regard/shapley/coalition.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {
namespace detail {

// What needs Eigen's expressions is a template: a file pays for them when it uses them, not for including
// this.
template <class Real>
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

/// g(z) = c_s + b'y + sum_{i<j} B_ij y_i y_j, where y_i = 1 for members and -1 for others, and s = |z|.
template <class Real>
struct SizeQuadratic {
  Vector<Real> players;      // b
  Matrix<Real> pairs;        // B: symmetric, 0 on the diagonal
  std::vector<double> sizes; // c
};

/// Coalitions with their values, some of them left out.
template <class Real>
struct FitRows {
  Matrix<Real> signs;      // [rows, players]: y
  Vector<Real> values;     // [rows]
  std::vector<Index> size; // of each row
  std::vector<Index> fold; // of each row; `no_fold`: never left out

  static constexpr Index no_fold = std::numeric_limits<Index>::max();

  Index rows() const { return size.size(); }
};

/// Least squares with a ridge on b and B, none on c, over all rows but those of one fold; by conjugate
/// gradients, since there may be as many unknowns as pairs of players.
template <class Real>
class QuadraticFit {
 public:
  QuadraticFit(const FitRows<Real>& rows, Index fold)
      : rows_(rows), fold_(fold), counts_(static_cast<Index>(rows.signs.cols()) + 1, 0) {
    const Eigen::Index n = rows.signs.cols();
    game_ = {Vector<Real>::Zero(n), Matrix<Real>::Zero(n, n), {}};
    for (Index row = 0; row < rows_.rows(); ++row)
      if (used(row))
        ++counts_[rows_.size[row]];
    set_constants();
    squares_ = residual_squares();
  }

  /// Fits anew from where it is.
  void fit(double ridge) {
    Step residual = transposed(centred(rows_.values - spread(game_.players, game_.pairs)));
    residual.players -= ridge * game_.players;
    residual.pairs -= ridge * game_.pairs;
    Step direction = residual;
    double norm = residual.dot(residual);
    const double enough = norm * tolerance * tolerance;
    for (int step = 0; step < most_steps && norm > enough; ++step) {
      Step moved = transposed(centred(spread(direction.players, direction.pairs)));
      moved.players += ridge * direction.players;
      moved.pairs += ridge * direction.pairs;
      const double length = norm / direction.dot(moved);
      game_.players += length * direction.players;
      game_.pairs += length * direction.pairs;
      residual.players -= length * moved.players;
      residual.pairs -= length * moved.pairs;
      const double before = std::exchange(norm, residual.dot(residual));
      direction.players = residual.players + norm / before * direction.players;
      direction.pairs = residual.pairs + norm / before * direction.pairs;
    }
    set_constants();
  }

  /// Forgets all but the constants.
  void clear() {
    game_.players.setZero();
    game_.pairs.setZero();
    set_constants();
  }

  const SizeQuadratic<Real>& game() const { return game_; }

  /// g of every row, those that were left out too.
  Vector<Real> fitted() const {
    Vector<Real> values = spread(game_.players, game_.pairs);
    for (Index row = 0; row < rows_.rows(); ++row)
      values[static_cast<Eigen::Index>(row)] += game_.sizes[rows_.size[row]];
    return values;
  }

  /// Sum of squares of what is left of the rows that were left out; of the constants alone, at first.
  double residual_squares() const {
    const Vector<Real> left = rows_.values - fitted();
    double total = 0;
    for (Index row = 0; row < rows_.rows(); ++row)
      if (!used(row))
        total += left[static_cast<Eigen::Index>(row)] * left[static_cast<Eigen::Index>(row)];
    return total;
  }
  double constant_squares() const { return squares_; }

 private:
  static constexpr double tolerance = 0.02; // the fit need not be the best to be of use
  static constexpr int most_steps = 20;

  struct Step {
    Vector<Real> players;
    Matrix<Real> pairs;
    double dot(const Step& other) const {
      return players.dot(other.players) + pairs.cwiseProduct(other.pairs).sum() / 2;
    }
  };

  bool used(Index row) const { return rows_.fold[row] != fold_ || fold_ == FitRows<Real>::no_fold; }

  /// b'y + sum B_ij y_i y_j of each row.
  Vector<Real> spread(const Vector<Real>& players, const Matrix<Real>& pairs) const {
    const Matrix<Real>& y = rows_.signs;
    return y * players + (y * pairs).cwiseProduct(y).rowwise().sum() / 2;
  }

  /// Less the mean of the used rows of the same size; 0 for those that are left out.
  Vector<Real> centred(Vector<Real> values) const {
    const std::vector<double> means = size_means(values);
    for (Index row = 0; row < rows_.rows(); ++row) {
      double& value = values[static_cast<Eigen::Index>(row)];
      value = used(row) ? value - means[rows_.size[row]] : 0;
    }
    return values;
  }

  Step transposed(const Vector<Real>& values) const {
    const Matrix<Real>& y = rows_.signs;
    Step step{y.transpose() * values, y.transpose() * values.asDiagonal() * y};
    step.pairs.diagonal().setZero();
    return step;
  }

  std::vector<double> size_means(const Vector<Real>& values) const {
    std::vector<double> means(counts_.size(), 0.0);
    for (Index row = 0; row < rows_.rows(); ++row)
      if (used(row))
        means[rows_.size[row]] += values[static_cast<Eigen::Index>(row)];
    for (Index size = 0; size < means.size(); ++size)
      if (counts_[size] > 0)
        means[size] /= static_cast<double>(counts_[size]);
    return means;
  }

  /// The mean of what is left at each size; between the nearest sizes that have one where there is none.
  void set_constants() {
    std::vector<double>& c = game_.sizes = size_means(rows_.values - spread(game_.players, game_.pairs));
    Index before = 0; // of the last size that was seen; sizes 0 and n are never left out
    for (Index size = 1; size < c.size(); ++size)
      if (counts_[size] > 0) {
        for (Index between = before + 1; between < size; ++between) {
          const double part = static_cast<double>(between - before) / static_cast<double>(size - before);
          c[between] = (1 - part) * c[before] + part * c[size];
        }
        before = size;
      }
  }

  const FitRows<Real>& rows_;
  Index fold_;
  std::vector<Index> counts_; // used rows of each size
  SizeQuadratic<Real> game_;
  double squares_ = 0;
};

} // namespace detail
} // namespace regard::inline REGARD_ABI
