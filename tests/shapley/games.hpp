// SPDX-License-Identifier: MIT
// Games and matrices that several tests of this room play on.
#pragma once

#include "support/seed.hpp"

#include <regard/core/random.hpp>
#include <regard/shapley.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace regard_test {

using regard::Coalition;
using regard::Index;

/// A game of a number of players and a function.
struct FunctionGame {
  Index count;
  std::function<double(Coalition)> worth;

  Index players() const { return count; }
  double value(Coalition coalition) const { return worth(coalition); }
};

/// A sum of unanimity games: each term gives its weight to the coalitions that hold all of its players.
/// phi_i = the sum over its terms of weight / number of players.
struct UnanimitySum {
  struct Term {
    std::vector<Index> players;
    double weight;
  };
  Index count;
  std::vector<Term> terms;

  Index players() const { return count; }
  double value(Coalition coalition) const {
    double total = 0;
    for (const Term& term : terms)
      if (std::ranges::all_of(term.players, [&](Index i) { return coalition.contains(i); }))
        total += term.weight;
    return total;
  }
  std::vector<double> known_values() const {
    std::vector<double> phi(count, 0.0);
    for (const Term& term : terms)
      for (const Index i : term.players)
        phi[i] += term.weight / static_cast<double>(term.players.size());
    return phi;
  }
};

/// 3 n terms of 3 to 6 players (or all, where there are fewer) with normal weights: a game that is neither
/// additive nor one of pairs, so that antithetic pairs are not exact.
inline UnanimitySum random_unanimity(Index n, regard::RandomStream& random) {
  UnanimitySum game{n, {}};
  for (Index t = 0; t < 3 * n; ++t) {
    const Index order = std::min(n, 3 + static_cast<Index>(random.below(4)));
    std::vector<Index> team;
    while (team.size() < order)
      if (const Index player = random.below(n); std::ranges::find(team, player) == team.end())
        team.push_back(player);
    game.terms.push_back({team, random.normal()});
  }
  return game;
}

/// What entries of a random matrix look like: uniform on [0, 1), rows of a softmax, or normal.
enum class Entries { uniform, softmax, normal };

inline regard::Tensor<double, 2> random_matrix(Index n, Entries entries, regard::RandomStream& random) {
  regard::Tensor<double, 2> matrix({n, n});
  for (double& entry : matrix)
    entry = entries == Entries::uniform ? random.uniform() : random.normal();
  if (entries == Entries::softmax)
    for (Index i = 0; i < n; ++i) {
      double total = 0;
      for (Index j = 0; j < n; ++j)
        total += matrix(i, j) = std::exp(2 * matrix(i, j));
      for (Index j = 0; j < n; ++j)
        matrix(i, j) /= total;
    }
  return matrix;
}

inline std::string name(Entries entries) {
  return entries == Entries::uniform ? "uniform" : entries == Entries::softmax ? "softmax" : "normal";
}

} // namespace regard_test
