// SPDX-License-Identifier: MIT
// Body of shapley/solver.hpp.
#pragma once

#include <regard/shapley/solver.hpp>

#include <array>
#include <cmath>

namespace regard::inline REGARD_ABI {

inline std::string_view to_string(Status status) {
  switch (status) {
  case Status::converged:
    return "converged";
  case Status::budget_reached:
    return "budget_reached";
  case Status::few_samples:
    return "few_samples";
  case Status::stopped:
    break;
  }
  return "stopped";
}

namespace detail {

/// Evaluates coalitions, all at once where the game can, and refuses values that are not finite.
template <Game G>
void evaluate(const G& game, std::span<const Coalition> coalitions, std::span<double> values) {
  if constexpr (BatchGame<G>) {
    game.values(coalitions, values);
  } else {
    for (Index i = 0; i < coalitions.size(); ++i)
      values[i] = game.value(coalitions[i]);
  }
  for (Index i = 0; i < coalitions.size(); ++i)
    if (!std::isfinite(values[i]))
      throw InvalidArgument("the value of coalition " + to_string(coalitions[i]) + ": found " +
                            std::to_string(values[i]) + ", expected a finite number");
}

/// The value of one coalition.
template <Game G>
double evaluate(const G& game, const Coalition& coalition) {
  double value = 0;
  evaluate(game, std::span(&coalition, 1), std::span(&value, 1));
  return value;
}

inline double completeness_gap(const ShapleyResult& result) {
  double total = 0;
  for (const double value : result.values)
    total += value;
  return result.value_full - result.value_empty - total;
}

} // namespace detail

template <Game G>
ShapleyResult enumerate(const G& game) {
  const Index n = game.players();
  if (n > max_enumerated_players)
    throw InvalidArgument("enumeration of a game of " + std::to_string(n) + " players, expected at most " +
                          std::to_string(max_enumerated_players) + "; sample it instead");
  // Sums by size keep numbers of like magnitude together: of all values, and of those with player i as a
  // member.
  Tensor<double, 2> with({n + 1, n});
  std::vector<double> all(n + 1, 0.0);
  const std::uint64_t count = std::uint64_t{1} << n;
  constexpr Index block = 64;
  std::array<std::uint64_t, block> words;
  std::array<Coalition, block> coalitions;
  std::array<double, block> values;
  ShapleyResult result;
  result.solver = "exact";
  for (std::uint64_t first = 0; first < count; first += block) {
    const Index size = static_cast<Index>(std::min<std::uint64_t>(block, count - first));
    for (Index i = 0; i < size; ++i) {
      words[i] = first + i;
      coalitions[i] = Coalition(std::span(&words[i], 1), n);
    }
    detail::evaluate(game, std::span<const Coalition>(coalitions).first(size), std::span(values).first(size));
    for (Index i = 0; i < size; ++i) {
      const Index members = coalitions[i].size();
      all[members] += values[i];
      coalitions[i].for_each([&](Index player) { with(members, player) += values[i]; });
    }
    if (first == 0)
      result.value_empty = values[0];
    result.value_full = values[size - 1];
  }
  result.evaluations = static_cast<Index>(count);
  result.values.assign(n, 0.0);
  double choices = 1; // C(n, s)
  for (Index s = 0; s <= n; ++s) {
    for (Index i = 0; i < n; ++i) {
      if (s > 0)
        result.values[i] += with(s, i) / (static_cast<double>(s) * choices);
      if (s < n)
        result.values[i] -= (all[s] - with(s, i)) / (static_cast<double>(n - s) * choices);
    }
    choices = choices * static_cast<double>(n - s) / static_cast<double>(s + 1);
  }
  result.completeness_gap = detail::completeness_gap(result);
  return result;
}

template <Game G>
ShapleyResult shapley(const G& game) {
  if constexpr (ClosedFormGame<G>) {
    const Index n = game.players();
    ShapleyResult result;
    result.solver = "closed-form";
    result.values = game.shapley_values();
    result.value_empty = detail::evaluate(game, CoalitionSet(n).view());
    result.value_full = detail::evaluate(game, CoalitionSet::full(n).view());
    result.completeness_gap = detail::completeness_gap(result);
    return result;
  } else {
    return enumerate(game);
  }
}

inline bool degenerate(std::span<const double> values) {
  for (const double value : values)
    if (value != values.front())
      return false;
  return true;
}

} // namespace regard::inline REGARD_ABI
