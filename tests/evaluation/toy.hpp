// SPDX-License-Identifier: MIT
// A classifier that is a function of the visible players, and a slow way to hide some.
#pragma once

#include "support/catch.hpp"
#include "support/seed.hpp"
#include "support/tolerance.hpp"

#include <regard/core/random.hpp>
#include <regard/evaluation.hpp>

#include <functional>
#include <set>

namespace regard_test {

using regard::Index;

/// p(class 1) as a function of the set of visible players.
struct Toy {
  Index players;
  std::function<double(const std::set<Index>&)> probability;

  regard::MaskedPredictions predictions() const {
    return {players, 2,
            [this](std::span<const regard::Coalition> coalitions, regard::TensorView<double, 2> out) {
              for (Index i = 0; i < coalitions.size(); ++i) {
                const auto members = coalitions[i].members();
                const double p = probability({members.begin(), members.end()});
                out(i, 0) = std::log(1 - p);
                out(i, 1) = std::log(p);
              }
            }};
  }
};

/// p = start + the sum of the visible players' weights: what a ranking can gain is known.
inline Toy additive_toy(const std::vector<double>& weights, double start = 0.1) {
  return {weights.size(), [weights, start](const std::set<Index>& visible) {
            double p = start;
            for (const Index i : visible)
              p += weights[i];
            return p;
          }};
}

/// A probability that depends on all players together, and on nothing simple.
inline Toy random_toy(Index players, std::uint64_t seed) {
  return {players, [seed](const std::set<Index>& visible) {
            std::uint64_t key = 0;
            for (const Index i : visible)
              key |= std::uint64_t{1} << i;
            return 0.02 + 0.96 * regard::RandomStream(seed, key).uniform();
          }};
}

inline std::vector<double> random_scores(regard::RandomStream& random, Index count, Index levels = 0) {
  std::vector<double> scores;
  for (Index i = 0; i < count; ++i)
    scores.push_back(levels == 0 ? random.normal() : static_cast<double>(random.below(levels)) - 1);
  return scores;
}

} // namespace regard_test
