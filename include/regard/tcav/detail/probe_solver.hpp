// SPDX-License-Identifier: MIT
// The optimiser behind the probes.
//
// One CAV is fitted on the token rows of some inputs; R resamples of it share the inputs of the concept, and
// most of their Hessian. So the Hessian is factored once, for all candidates together, and each resample runs
// limited-memory BFGS in its metric: about ten passes over its rows. The resamples of a batch go through the
// rows together, one input at a time, while its rows are in the cache. A fit does the same arithmetic in
// whatever batch it runs. Real is double; as templates, these cost a file that fits nothing no compile time.
#pragma once

#include <regard/tcav/probe.hpp>
#include <regard/transformer/detail/simd.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <cmath>
#include <deque>
#include <functional>
#include <span>
#include <utility>

namespace regard::inline REGARD_ABI::detail {

/// Token rows by input, read as Real.
template <class Real>
struct RowSource {
  Index width = 0;
  std::vector<Index> counts;                              ///< rows of each input
  std::function<void(Index input, Real* rows)> load = {}; ///< writes [counts[input], width]; thread-safe

  Index inputs() const { return counts.size(); }
  Index longest() const { return counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end()); }
};

/// Which inputs a fit uses: positive weights for the concept, negative for the others, 0 for neither.
using Sides = std::vector<double>;

template <class Real>
using Weights = Eigen::Matrix<Real, Eigen::Dynamic, 1>; // w and, last, the intercept

/// d loss / d z of a row with label y, and the curvature.
template <class Real>
Real loss_slope(Probe probe, Real y, Real z) {
  switch (probe) {
  case Probe::logistic:
    return -y / (1 + std::exp(y * z));
  case Probe::svm:
    return y * z < 1 ? 2 * (z - y) : 0.0;
  default:
    return z - y;
  }
}

template <class Real>
Real loss_curvature(Probe probe, Real y, Real z) {
  switch (probe) {
  case Probe::logistic: {
    const Real p = 1 / (1 + std::exp(-std::abs(z)));
    return p * (1 - p);
  }
  case Probe::svm:
    return y * z < 1 ? 2.0 : 0.0;
  default:
    return 1;
  }
}

template <class Real>
Real decision(const Real* row, Index width, const Weights<Real>& at) {
  return dot(row, at.data(), width) + at(static_cast<Eigen::Index>(width));
}

/// gradient += weight * sum over `Rows` rows of d loss / d (w, b): the weights and the gradient are read once
/// for all of them. @return the sum of slopes, for the intercept.
template <Index Rows, class Real>
Real add_rows(Probe probe, Real y, Real weight, const Real* rows, Index width, const Real* w, Real* g) {
  using P = Pack<Real>;
  typename P::Native partial[Rows];
  for (Index r = 0; r < Rows; ++r)
    partial[r] = P::broadcast(0);
  Index i = 0;
  for (; i + P::lanes <= width; i += P::lanes) {
    const typename P::Native factor = P::load(w + i);
    for (Index r = 0; r < Rows; ++r)
      partial[r] = partial[r] + factor * P::load(rows + r * width + i);
  }
  Real c[Rows], slopes = 0;
  for (Index r = 0; r < Rows; ++r) {
    Real z = w[width];
    for (Index lane = 0; lane < P::lanes; ++lane)
      z += partial[r][lane];
    for (Index j = i; j < width; ++j)
      z += w[j] * rows[r * width + j];
    c[r] = weight * loss_slope(probe, y, z);
    slopes += c[r];
  }
  if (std::all_of(c, c + Rows, [](Real x) { return x == 0; }))
    return 0;
  typename P::Native factors[Rows];
  for (Index r = 0; r < Rows; ++r)
    factors[r] = P::broadcast(c[r]);
  for (i = 0; i + P::lanes <= width; i += P::lanes) {
    typename P::Native sum = P::load(g + i);
    for (Index r = 0; r < Rows; ++r)
      sum = sum + factors[r] * P::load(rows + r * width + i);
    P::store(g + i, sum);
  }
  for (; i < width; ++i)
    for (Index r = 0; r < Rows; ++r)
      g[i] += c[r] * rows[r * width + i];
  return slopes;
}

/// The same for all rows of an input.
template <class Real>
void add_gradient(Probe probe, Real y, Real weight, const Real* rows, Index count, Index width,
                  const Weights<Real>& at, Weights<Real>& gradient) {
  Real slopes = 0;
  Index row = 0;
  for (; row + 8 <= count; row += 8)
    slopes += add_rows<8, Real>(probe, y, weight, rows + row * width, width, at.data(), gradient.data());
  for (; row + 2 <= count; row += 2)
    slopes += add_rows<2, Real>(probe, y, weight, rows + row * width, width, at.data(), gradient.data());
  if (row < count)
    slopes += add_rows<1, Real>(probe, y, weight, rows + row * width, width, at.data(), gradient.data());
  gradient(static_cast<Eigen::Index>(width)) += slopes;
}

template <class Real>
using Square = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

/// The Hessian of the objective at a point, factored, and the scale of the rows.
template <class Real>
struct Metric {
  Weights<Real> at;
  Eigen::LLT<Square<Real>> factor;
  Real row_scale = 1; ///< root mean square length of a row
};

template <class Real>
Metric<Real> metric_at(const RowSource<Real>& source, const Sides& sides, Probe probe,
                       const Weights<Real>& at) {
  constexpr Index chunk = 256;
  const Index width = source.width;
  const auto size = static_cast<Eigen::Index>(width + 1);
  Metric<Real> metric{at, {}, 1};
  Square<Real> hessian = Square<Real>::Zero(size, size), scaled(size, static_cast<Eigen::Index>(chunk));
  std::vector<Real> rows(source.longest() * width);
  Eigen::Index filled = 0;
  Real squares = 0, total = 0;
  const auto flush = [&] {
    if (filled == 0) // Eigen divides by it
      return;
    hessian.template selfadjointView<Eigen::Lower>().rankUpdate(scaled.leftCols(filled));
    filled = 0;
  };
  for (Index input = 0; input < source.inputs(); ++input) {
    if (sides[input] == 0)
      continue;
    source.load(input, rows.data());
    const Real y = sides[input] > 0 ? 1 : -1, weight = std::abs(sides[input]);
    for (Index r = 0; r < source.counts[input]; ++r) {
      const Real* const row = rows.data() + r * width;
      squares += weight * dot(row, row, width);
      total += weight;
      const Real curvature = weight * loss_curvature(probe, y, decision(row, width, at));
      if (curvature == 0)
        continue;
      const Real root = std::sqrt(curvature);
      Real* const column = scaled.data() + filled * size;
      for (Index j = 0; j < width; ++j)
        column[j] = root * row[j];
      column[width] = root;
      if (++filled == static_cast<Eigen::Index>(chunk))
        flush();
    }
  }
  flush();
  metric.row_scale = squares > 0 ? std::sqrt(squares / total) : 1;
  hessian.diagonal().head(size - 1).array() += 1;
  // The intercept is not penalised; where every curvature underflows, this keeps the factor regular.
  hessian(size - 1, size - 1) += 1e-9 * (1 + hessian(size - 1, size - 1));
  metric.factor.compute(hessian);
  return metric;
}

/// One fit on its way: asks for the gradient of the losses at `point()`, takes it, and so on.
template <class Real>
class FitState {
 public:
  FitState(const Metric<Real>& metric, Weights<Real> start, Real tolerance)
      : metric_(&metric), tolerance_(tolerance), trial_(std::move(start)) {}

  const Weights<Real>& point() const { return trial_; }
  bool done() const { return done_; }
  bool converged() const { return converged_; }
  const Weights<Real>& best() const { return best_; }
  Index passes() const { return passes_; }

  /// @param gradient  of the sum of losses at `point()`
  void take(Weights<Real> gradient) {
    ++passes_;
    const Eigen::Index width = gradient.size() - 1;
    gradient.head(width) += trial_.head(width); // of 1/2 |w|^2
    if (passes_ == 1)
      return advance(std::move(gradient));
    // Along a line a convex function has an increasing slope, so the slope alone tells whether the step went
    // too far (approximate Wolfe condition, Hager and Zhang 2005): no logarithm is needed.
    const Real slope = gradient.dot(direction_), start = -gradient_.dot(direction_);
    if (slope > 0.8 * start && shrinks_ < 20) {
      ++shrinks_;
      step_ *= std::clamp(start / (start + slope), 0.1, 0.7);
      trial_ = best_ + step_ * direction_;
      return;
    }
    if (shrinks_ >= 20) { // rounding error is all that is left
      done_ = true;
      return;
    }
    Weights<Real> s = trial_ - best_, y = gradient - gradient_;
    const Real curvature = s.dot(y);
    if (curvature > 0) {
      if (pairs_.size() == 12)
        pairs_.pop_front();
      pairs_.push_back({std::move(s), std::move(y), curvature});
    }
    advance(std::move(gradient));
  }

 private:
  struct Pair {
    Weights<Real> s, y;
    Real curvature;
  };

  void advance(Weights<Real> gradient) {
    gradient_ = std::move(gradient);
    best_ = trial_;
    shrinks_ = 0;
    step_ = 1;
    const Eigen::Index width = best_.size() - 1;
    direction_ = -gradient_;
    std::vector<Real> alpha(pairs_.size());
    for (Index i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].s.dot(direction_) / pairs_[i].curvature;
      direction_ -= alpha[i] * pairs_[i].y;
    }
    metric_->factor.solveInPlace(direction_);
    for (Index i = 0; i < pairs_.size(); ++i)
      direction_ += (alpha[i] - pairs_[i].y.dot(direction_) / pairs_[i].curvature) * pairs_[i].s;
    const Real scale = std::max(best_.head(width).norm(), 1e-6 / metric_->row_scale);
    // The intercept counts by what it does to z, beside what w does.
    const Real move = direction_.head(width).norm() + std::abs(direction_(width)) / metric_->row_scale;
    if (!(move > tolerance_ * scale)) {
      done_ = converged_ = std::isfinite(move);
      done_ = true;
      return;
    }
    trial_ = best_ + direction_;
  }

  const Metric<Real>* metric_;
  Real tolerance_;
  Weights<Real> trial_, best_, gradient_, direction_;
  Real step_ = 1;
  int shrinks_ = 0;
  Index passes_ = 0;
  bool done_ = false, converged_ = false;
  std::deque<Pair> pairs_;
};

/// Runs fits until each is done or has had `limit` passes.
template <class Real>
void run_fits(const RowSource<Real>& source, std::span<const Sides* const> sides, Probe probe,
              std::span<FitState<Real>> fits, Index limit) {
  const auto size = static_cast<Eigen::Index>(source.width + 1);
  std::vector<Real> rows(source.longest() * source.width);
  std::vector<Weights<Real>> gradients(fits.size());
  std::vector<Index> active, users;
  constexpr Index chunk = 16;
  for (;;) {
    active.clear();
    for (Index f = 0; f < fits.size(); ++f)
      if (!fits[f].done() && fits[f].passes() < limit) {
        active.push_back(f);
        gradients[f] = Weights<Real>::Zero(size);
      }
    if (active.empty())
      return;
    for (Index input = 0; input < source.inputs(); ++input) {
      users.clear();
      for (const Index f : active)
        if ((*sides[f])[input] != 0)
          users.push_back(f);
      if (users.empty())
        continue;
      source.load(input, rows.data());
      // A few rows for all fits at a time, so that they are read from the first-level cache.
      for (Index first = 0; first < source.counts[input]; first += chunk)
        for (const Index f : users) {
          const Real side = (*sides[f])[input];
          add_gradient<Real>(probe, side > 0 ? 1 : -1, std::abs(side), rows.data() + first * source.width,
                             std::min(chunk, source.counts[input] - first), source.width, fits[f].point(),
                             gradients[f]);
        }
    }
    for (const Index f : active)
      fits[f].take(std::move(gradients[f]));
  }
}

/// A fit that factors a Hessian of its own, again where it is no longer a good metric.
template <class Real>
struct Solved {
  Weights<Real> weights;
  Metric<Real> metric;
  bool converged = false;
  Index passes = 0;
};

template <class Real>
Solved<Real> solve_alone(const RowSource<Real>& source, const Sides& sides, Probe probe, Weights<Real> start,
                         Real tolerance, Index max_passes) {
  constexpr Index between = 12; // passes that cost about as much as a Hessian of moderate width
  Solved<Real> solved{std::move(start), {}, false, 0};
  while (!solved.converged && solved.passes < max_passes) {
    solved.metric = metric_at(source, sides, probe, solved.weights);
    ++solved.passes;
    FitState<Real> fit(solved.metric, solved.weights, tolerance);
    const Sides* const mine[] = {&sides};
    run_fits<Real>(source, mine, probe, std::span(&fit, 1), std::min(between, max_passes - solved.passes));
    solved.passes += fit.passes();
    if (fit.passes() == 0)
      break;
    const bool moved = !(fit.best().array() == solved.weights.array()).all();
    solved.weights = fit.best();
    solved.converged = fit.converged();
    if (fit.done() && !moved)
      break;
  }
  return solved;
}

/// Mean of the rows on either side, by weight: the pattern probe.
template <class Real>
Weights<Real> mean_difference(const RowSource<Real>& source, const Sides& sides) {
  const auto width = static_cast<Eigen::Index>(source.width);
  std::vector<Real> rows(source.longest() * source.width);
  Weights<Real> sums[2] = {Weights<Real>::Zero(width), Weights<Real>::Zero(width)};
  Real counts[2] = {0, 0};
  for (Index input = 0; input < source.inputs(); ++input) {
    if (sides[input] == 0)
      continue;
    source.load(input, rows.data());
    const int side = sides[input] > 0;
    for (Index r = 0; r < source.counts[input]; ++r)
      sums[side] += Eigen::Map<const Weights<Real>>(rows.data() + r * source.width, width);
    counts[side] += static_cast<Real>(source.counts[input]);
  }
  Weights<Real> result(width + 1);
  const Weights<Real> here = sums[1] / counts[1], there = sums[0] / counts[0];
  result.head(width) = here - there;
  result(width) = -result.head(width).dot(here + there) / 2;
  // Beside the lengths of the means, what rounding leaves of equal ones is nothing.
  if (result.head(width).norm() <= 1e-12 * (here.norm() + there.norm()))
    result.setZero();
  return result;
}

/// From weights to a unit direction.
template <class Real>
FittedProbe fitted_probe(const Weights<Real>& weights, Real row_scale, bool converged, Index passes) {
  const Eigen::Index width = weights.size() - 1;
  FittedProbe probe;
  probe.direction.assign(static_cast<Index>(width), 0.0);
  probe.intercept = weights(width);
  probe.passes = passes;
  probe.norm = weights.head(width).norm();
  probe.status = converged ? ProbeStatus::converged : ProbeStatus::not_converged;
  if (!(probe.norm * row_scale > 1e-8)) { // decisions that differ in the eighth digit only
    probe.norm = 0;
    probe.status = ProbeStatus::no_direction;
    return probe;
  }
  for (Eigen::Index j = 0; j < width; ++j)
    probe.direction[static_cast<Index>(j)] = weights(j) / probe.norm;
  return probe;
}

} // namespace regard::inline REGARD_ABI::detail
