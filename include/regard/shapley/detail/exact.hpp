// SPDX-License-Identifier: MIT
// Body of shapley/exact.hpp.
#pragma once

#include <regard/shapley/detail/evaluate.hpp>
#include <regard/shapley/detail/options.hpp>
#include <regard/shapley/detail/result.hpp>
#include <regard/shapley/exact.hpp>

#include <array>
#include <type_traits>

namespace regard::inline REGARD_ABI {
namespace detail {

/// How many coalitions are evaluated together. Within an aligned block of 2^low_players coalitions in
/// Gray-code order only the first `low_players` players come and go.
inline constexpr Index low_players = 8;
inline constexpr Index enumeration_block = Index{1} << low_players;

/// Adds up phi_i = sum over S with i of gain(S) - sum over all S of loss(S), where
/// gain(S) = v(S) (1/(s C(n,s)) + 1/((n-s) C(n,s))) and loss(S) = v(S) / ((n-s) C(n,s)).
REGARD_LAZY
class EnumerationSums {
 public:
  explicit EnumerationSums(Index players)
      : players_(players), gains_(players), gain_weight_(players + 1), loss_weight_(players + 1) {
    const double n = static_cast<double>(players);
    double choices = 1; // C(n, s), exact
    for (Index size = 0; size <= players; ++size) {
      const double s = static_cast<double>(size);
      loss_weight_[size] = size == players ? 0 : 1 / ((n - s) * choices);
      gain_weight_[size] = (size == 0 ? 0 : 1 / (s * choices)) + loss_weight_[size];
      choices = choices * (n - s) / (s + 1);
    }
  }

  /// Adds one aligned block: players beyond `low_players` are in all of its coalitions or in none.
  void add(std::span<const Coalition> coalitions, std::span<const double> values) {
    double gain = 0, loss = 0;
    std::array<double, low_players> low_gains{};
    for (Index c = 0; c < coalitions.size(); ++c) {
      const std::uint64_t word = players_ == 0 ? 0 : coalitions[c].words().front();
      const Index size = static_cast<Index>(std::popcount(word));
      const double term = values[c] * gain_weight_[size];
      gain += term;
      loss += values[c] * loss_weight_[size];
      for (std::uint64_t rest = word & (enumeration_block - 1); rest != 0; rest &= rest - 1)
        low_gains[static_cast<Index>(std::countr_zero(rest))] += term;
    }
    losses_.add(loss);
    for (const Index player : coalitions.front())
      if (player >= low_players)
        gains_[player].add(gain);
    for (Index player = 0; player < std::min(players_, low_players); ++player)
      gains_[player].add(low_gains[player]);
  }

  std::vector<double> values() const {
    std::vector<double> phi;
    for (CompensatedSum sum : gains_) {
      sum.add(-losses_.value());
      phi.push_back(sum.value());
    }
    return phi;
  }

 private:
  Index players_;
  std::vector<CompensatedSum> gains_;
  CompensatedSum losses_;
  std::vector<double> gain_weight_, loss_weight_;
};

/// Whether evaluate(coalitions, values) has evaluated them: what it returns, if anything.
template <class Evaluate>
bool evaluated(Evaluate& evaluate, std::span<const Coalition> coalitions, std::span<double> values) {
  if constexpr (std::is_void_v<decltype(evaluate(coalitions, values))>) {
    evaluate(coalitions, values);
    return true;
  } else {
    return evaluate(coalitions, values);
  }
}

/// The result of an enumeration whose values come block by block from evaluate(coalitions, values). Where
/// that returns false the enumeration has stopped, and knows nothing.
template <class Evaluate>
ShapleyResult enumerate_blocks(Index players, Evaluate evaluate) {
  const std::uint64_t count = std::uint64_t{1} << players;
  const Index block = static_cast<Index>(std::min<std::uint64_t>(count, enumeration_block));
  std::array<std::uint64_t, enumeration_block> words;
  std::array<Coalition, enumeration_block> coalitions;
  std::array<double, enumeration_block> values;
  EnumerationSums<> sums(players);
  ShapleyResult result;
  for (std::uint64_t first = 0; first < count; first += block) {
    for (Index c = 0; c < block; ++c) {
      words[c] = (first + c) ^ ((first + c) >> 1);
      coalitions[c] = Coalition(std::span(&words[c], Coalition::words_for(players)), players);
    }
    if (!evaluated(evaluate, std::span<const Coalition>(coalitions).first(block),
                   std::span(values).first(block))) {
      result.status = Status::stopped;
      result.values.assign(players, 0.0);
      result.value_empty = result.value_full = 0;
      result.evaluations = static_cast<Index>(first);
      result.solver = "exact";
      return result;
    }
    if (first == 0)
      result.value_empty = values.front();
    for (Index c = 0; c < block; ++c) {
      if (words[c] == count - 1)
        result.value_full = values[c];
      values[c] -= result.value_empty; // phi does not depend on it: an offset of the game costs no precision
    }
    sums.add(std::span<const Coalition>(coalitions).first(block), std::span(values).first(block));
  }
  result.values = sums.values();
  result.completeness_gap = completeness_gap(result);
  result.evaluations = static_cast<Index>(count);
  result.solver = "exact";
  return result;
}

REGARD_LAZY
void check_enumerable(Index players) {
  if (players > max_enumerated_players)
    throw InvalidArgument("enumeration of a game of " + std::to_string(players) +
                          " players, expected at most " + std::to_string(max_enumerated_players) +
                          ": each player more doubles the number of coalitions");
}

} // namespace detail

template <class G>
ShapleyResult enumerate(const G& game) {
  require_game<G>();
  const Index players = game.players();
  detail::check_enumerable(players);
  return detail::enumerate_blocks(players, [&](std::span<const Coalition> coalitions, std::span<double> out) {
    detail::evaluate(game, coalitions, out);
    return true;
  });
}

template <class G>
ShapleyResult enumerate(const G& game, const SolverOptions& options, const Executor& executor) {
  require_game<G>();
  detail::check(options);
  const Index players = game.players();
  detail::check_enumerable(players);
  Progress progress{0, Index{1} << players, {}};
  return detail::enumerate_blocks(players, [&](std::span<const Coalition> coalitions, std::span<double> out) {
    if (detail::evaluate(game, coalitions, out, options, executor) < coalitions.size())
      return false;
    progress.evaluations += coalitions.size();
    if (options.observer)
      options.observer(progress);
    return true;
  });
}

} // namespace regard::inline REGARD_ABI
