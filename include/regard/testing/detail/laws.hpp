// SPDX-License-Identifier: MIT
// Body of testing/laws.hpp.
#pragma once

#include <regard/testing/laws.hpp>

#include <cmath>
#include <numeric>

namespace regard::inline REGARD_ABI::testing {

namespace detail {

inline double largest(std::span<const double> values) {
  double most = 0;
  for (const double value : values)
    most = std::max(most, std::abs(value));
  return most;
}

/// Collects violations: `close` compares two numbers under the name of a law.
struct Checker {
  double tolerance;
  Violations violations;

  void close(const std::string& law, double found, double expected, double scale) {
    if (!(std::abs(found - expected) <= tolerance * std::max(scale, 1e-300)))
      violations.push_back(law + ": found " + std::to_string(found) + ", expected " +
                           std::to_string(expected) + " (difference " +
                           std::to_string((found - expected) / scale) + " of the largest value)");
  }
  void fail(const std::string& law) { violations.push_back(law); }
};

/// The game in which player i has the role of player order[i].
inline TableGame rename(const TableGame& game, std::span<const Index> order) {
  std::vector<double> values(game.table().size());
  for (std::size_t mask = 0; mask < values.size(); ++mask) {
    std::size_t original = 0;
    for (Index i = 0; i < order.size(); ++i)
      if ((mask >> i) & 1)
        original |= std::size_t{1} << order[i];
    values[mask] = game.table()[original];
  }
  return TableGame(std::move(values));
}

inline std::vector<Index> random_order(Index count, RandomStream& stream) {
  std::vector<Index> order(count);
  std::iota(order.begin(), order.end(), Index{0});
  for (Index i = count; i > 1; --i)
    std::swap(order[i - 1], order[stream.below(i)]);
  return order;
}

} // namespace detail

inline TableGame::TableGame(std::vector<double> values) : values_(std::move(values)) {
  if (!std::has_single_bit(values_.size()))
    throw InvalidArgument("a table of " + std::to_string(values_.size()) +
                          " values, expected a power of two");
}

inline TableGame TableGame::random(Index players, RandomStream& stream) {
  std::vector<double> values(std::size_t{1} << players);
  for (double& value : values)
    value = 2 * stream.uniform() - 1;
  return TableGame(std::move(values));
}

template <Game G>
Violations check_game(const G& game, const LawOptions& options) {
  const Index n = game.players();
  detail::Checker check{options.tolerance, {}};
  RandomStream stream(options.seed);
  std::vector<CoalitionSet> sets = {CoalitionSet(n), CoalitionSet::full(n)};
  for (int draw = 0; draw < 30; ++draw) {
    sets.emplace_back(n);
    for (Index i = 0; i < n; ++i)
      if (stream.below(2) == 1)
        sets.back().insert(i);
  }
  std::vector<Coalition> coalitions(sets.begin(), sets.end());
  std::vector<double> values;
  for (const Coalition& coalition : coalitions) {
    values.push_back(game.value(coalition));
    if (game.value(coalition) != values.back())
      check.fail("deterministic: coalition " + to_string(coalition) + " has another value when asked again");
  }
  const double scale = detail::largest(values);
  if constexpr (BatchGame<G>) {
    std::vector<double> batch(values.size());
    game.values(std::span<const Coalition>(coalitions), std::span<double>(batch));
    for (Index i = 0; i < batch.size(); ++i)
      check.close("values of coalition " + to_string(coalitions[i]), batch[i], values[i], scale);
  }
  if constexpr (ClosedFormGame<G>) {
    const std::vector<double> closed = game.shapley_values();
    if (closed.size() != n) {
      check.fail("closed form: found " + std::to_string(closed.size()) + " values, expected " +
                 std::to_string(n));
      return check.violations;
    }
    if (n > 0)
      check.close("closed form, efficiency", std::accumulate(closed.begin(), closed.end(), 0.0),
                  values[1] - values[0], std::max(scale, detail::largest(closed)));
    if (n <= 12) {
      const std::vector<double> exact = enumerate(game).values;
      for (Index i = 0; i < n; ++i)
        check.close("closed form of player " + std::to_string(i), closed[i], exact[i],
                    std::max(scale, detail::largest(exact)));
    }
  }
  return check.violations;
}

template <class Solver>
requires std::convertible_to<std::invoke_result_t<Solver, const TableGame&>, std::vector<double>>
    Violations check_solver(Solver solve, const LawOptions& options) {
  detail::Checker check{options.tolerance, {}};
  const auto solved = [&](const TableGame& game) {
    std::vector<double> values = solve(game);
    if (values.size() != game.players()) {
      check.fail("found " + std::to_string(values.size()) + " values, expected one for each of " +
                 std::to_string(game.players()) + " players");
      values.resize(game.players());
    }
    return values;
  };
  for (Index n = 1; n <= 7; ++n) {
    RandomStream stream(options.seed, n);
    const std::string size = " (" + std::to_string(n) + " players)";
    const TableGame game = TableGame::random(n, stream), other = TableGame::random(n, stream);
    const std::vector<double> values = solved(game), others = solved(other);
    const std::size_t all = game.table().size() - 1;

    check.close("efficiency" + size, std::accumulate(values.begin(), values.end(), 0.0),
                game.table()[all] - game.table()[0], 1);

    std::vector<double> sum(game.table().size());
    for (std::size_t mask = 0; mask <= all; ++mask)
      sum[mask] = 2 * game.table()[mask] - 3 * other.table()[mask];
    const std::vector<double> combined = solved(TableGame(std::move(sum)));
    for (Index i = 0; i < n; ++i)
      check.close("linearity" + size, combined[i], 2 * values[i] - 3 * others[i], 1);

    const std::vector<Index> order = detail::random_order(n, stream);
    const std::vector<double> renamed = solved(detail::rename(game, order));
    for (Index i = 0; i < n; ++i)
      check.close("equivariance" + size, renamed[i], values[order[i]], 1);

    // One player's membership is made irrelevant; two players are made interchangeable.
    const Index null = static_cast<Index>(stream.below(n));
    std::vector<double> without = game.table();
    for (std::size_t mask = 0; mask <= all; ++mask)
      without[mask] = game.table()[mask & ~(std::size_t{1} << null)];
    check.close("null player" + size, solved(TableGame(std::move(without)))[null], 0, 1);
    if (n > 1) {
      const Index a = order[0], b = order[1];
      std::vector<Index> swapped(n);
      std::iota(swapped.begin(), swapped.end(), Index{0});
      std::swap(swapped[a], swapped[b]);
      std::vector<double> symmetric = detail::rename(game, swapped).table();
      for (std::size_t mask = 0; mask <= all; ++mask)
        symmetric[mask] += game.table()[mask];
      const std::vector<double> twins = solved(TableGame(std::move(symmetric)));
      check.close("symmetry" + size, twins[a], twins[b], 1);
    }

    // The axioms of random games leave a scale free per size only together with these: v(S) = 1 where all of
    // T are in.
    const std::size_t team = 1 + stream.below(all);
    std::vector<double> unanimity(all + 1);
    for (std::size_t mask = 0; mask <= all; ++mask)
      unanimity[mask] = (mask & team) == team ? 1 : 0;
    const std::vector<double> shares = solved(TableGame(std::move(unanimity)));
    for (Index i = 0; i < n; ++i)
      check.close("unanimity" + size, shares[i], (team >> i) & 1 ? 1.0 / std::popcount(team) : 0.0, 1);
  }
  return check.violations;
}

} // namespace regard::inline REGARD_ABI::testing
