// SPDX-License-Identifier: MIT
// The loop that all sampled solvers share. A solver draws units, independent of each other; a unit wants some
// coalitions evaluated, and what it learns from them is added in the order of units. So neither the number of
// units that are evaluated together nor the threads that do it can change the result.
#pragma once

#include <regard/core/random.hpp>
#include <regard/shapley/detail/evaluate.hpp>
#include <regard/shapley/detail/exact.hpp>
#include <regard/shapley/detail/options.hpp>
#include <regard/shapley/detail/result.hpp>

namespace regard::inline REGARD_ABI {
namespace detail {

/// What an estimator knows at some point.
struct Estimate {
  std::vector<double> values;
  std::optional<std::vector<double>> standard_errors;
  double degrees_of_freedom = 0;
  bool exact = false; ///< nothing was left to chance
};

/// The values that are known from the start.
struct Ends {
  double empty = 0, full = 0;
  double difference() const { return full - empty; }
};

REGARD_LAZY
double largest(std::span<const double> numbers) {
  return numbers.empty() ? 0 : *std::max_element(numbers.begin(), numbers.end());
}

/// The stopping rule of SolverOptions::precision.
REGARD_LAZY
bool precise(const Estimate& estimate, double precision) {
  if (precision == 0 || !estimate.standard_errors || estimate.degrees_of_freedom + 1 < few_units)
    return false;
  const double error = largest(*estimate.standard_errors);
  const auto [least, most] = std::minmax_element(estimate.values.begin(), estimate.values.end());
  return error == 0 || error < precision * (*most - *least);
}

/// The number of units after which the precision is looked at next.
REGARD_LAZY
Index next_look(Index units) {
  return std::max(units + 1, units + units / 4);
}

/// Runs an estimator until the budget is spent, the precision is reached, or there is nothing left to draw.
/// An Estimator has
///
/// - `Index unit_cost() const`: the most evaluations that a unit takes;
/// - `void start(const Ends&)`: told once, before anything is drawn;
/// - `std::optional<Index> draw(Index unit, CoalitionBuffer& wanted)`: adds what the unit wants evaluated and
///   returns what the budget is charged for it; none, when there is nothing left to draw;
/// - `void add(Index unit, std::span<const double> values)`: the values of what was wanted, in that order;
/// - `Estimate estimate() const`;
/// - `static constexpr bool has_errors`: whether it ever offers standard errors.
///
/// Units are drawn and added in order. After a stop request there may be drawn ones that are never added.
template <class G, class Estimator>
ShapleyResult run_units(const G& game, Estimator& estimator, const SolverOptions& options,
                        const Executor& executor, Solver solver) {
  const Index players = game.players();
  check_budget(options, 2 + estimator.unit_cost(), to_string(solver), players);
  ShapleyResult result;
  result.solver = to_string(solver);
  result.value_empty = evaluate(game, MutableCoalition(players));
  result.value_full = evaluate(game, MutableCoalition::full(players));
  result.evaluations = 2;
  estimator.start({result.value_empty, result.value_full});

  const bool look = Estimator::has_errors && (options.precision > 0 || options.observer);
  const Index wave = std::max(options.batch_size, Index{256}) * executor.workers();
  CoalitionBuffer wanted(players);
  std::vector<Coalition> coalitions;
  std::vector<double> values;
  std::vector<Index> ends; // of each unit's coalitions in `wanted`
  Index charged = 2;
  Index next = look ? 1 : std::numeric_limits<Index>::max(); // units after which the estimate is looked at
  bool more = true, stopped = false, converged = false;
  while (more && !stopped && !converged) {
    wanted.clear();
    ends.clear();
    while (more && wanted.size() < wave && result.units + ends.size() < next) {
      more = charged + estimator.unit_cost() <= options.budget;
      const auto charge = more ? estimator.draw(result.units + ends.size(), wanted) : std::nullopt;
      if (charge) {
        charged += *charge;
        ends.push_back(wanted.size());
      }
      more = charge.has_value();
    }
    coalitions.clear();
    for (Index c = 0; c < wanted.size(); ++c)
      coalitions.push_back(wanted[c]);
    values.resize(coalitions.size());
    const Index known = evaluate(game, coalitions, values, options, executor);
    stopped = options.stop.stop_requested();
    Index begin = 0;
    for (const Index end : ends) {
      if (end > known)
        break;
      estimator.add(result.units++, std::span(values).subspan(begin, end - begin));
      result.evaluations += end - begin;
      begin = end;
    }
    if (result.units < next)
      continue;
    next = next_look(next);
    if (!look)
      continue;
    const Estimate estimate = estimator.estimate();
    converged = precise(estimate, options.precision);
    if (options.observer && more && !converged)
      options.observer(
          {result.evaluations, options.budget,
           estimate.standard_errors ? std::optional(largest(*estimate.standard_errors)) : std::nullopt});
  }

  Estimate estimate = estimator.estimate();
  if (result.units == 0) // stopped at once: an equal share each
    estimate.values.assign(players, (result.value_full - result.value_empty) / static_cast<double>(players));
  result.values = std::move(estimate.values);
  result.standard_errors = std::move(estimate.standard_errors);
  result.degrees_of_freedom = estimate.degrees_of_freedom;
  result.completeness_gap = completeness_gap(result);
  if (estimate.exact || converged)
    result.status = Status::converged;
  else if (stopped)
    result.status = Status::stopped;
  else if (Estimator::has_errors && result.degrees_of_freedom + 1 < few_units)
    result.status = Status::few_samples;
  else
    result.status = Status::budget_reached;
  if (options.observer)
    options.observer(
        {result.evaluations, options.budget,
         result.standard_errors ? std::optional(largest(*result.standard_errors)) : std::nullopt});
  return result;
}

/// The mean and its standard error, player by player, of units that each estimate all values (Welford 1962).
REGARD_LAZY
class UnitMean {
 public:
  explicit UnitMean(Index players) : mean_(players, 0.0), squares_(players, 0.0) {}

  void add(std::span<const double> values) {
    const double count = static_cast<double>(++units_);
    for (Index i = 0; i < mean_.size(); ++i) {
      const double before = values[i] - mean_[i];
      mean_[i] += before / count;
      squares_[i] += before * (values[i] - mean_[i]);
    }
  }

  Estimate estimate() const {
    Estimate result{mean_, {}, 0, false};
    if (units_ < 2)
      return result;
    const double count = static_cast<double>(units_);
    std::vector<double> errors;
    errors.reserve(squares_.size());
    for (const double squares : squares_)
      errors.push_back(std::sqrt(squares / (count * (count - 1))));
    result.standard_errors = std::move(errors);
    result.degrees_of_freedom = count - 1;
    return result;
  }

 private:
  Index units_ = 0;
  std::vector<double> mean_, squares_;
};

/// Games of at most two players have so few coalitions that every solver takes them all.
template <class G>
ShapleyResult enumerate_few(const G& game, const SolverOptions& options, const Executor& executor,
                            Solver solver) {
  check_budget(options, Index{1} << game.players(), to_string(solver), game.players());
  ShapleyResult result = enumerate(game, options, executor);
  result.solver = to_string(solver);
  return result;
}

} // namespace detail
} // namespace regard::inline REGARD_ABI
