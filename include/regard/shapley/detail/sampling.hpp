// SPDX-License-Identifier: MIT
// Drawing sizes, coalitions and orders.
#pragma once

#include <regard/core/random.hpp>
#include <regard/shapley/coalition.hpp>

#include <cmath>
#include <numeric>
#include <utility>

namespace regard::inline REGARD_ABI {
namespace detail {

/// C(n, k), exact up to 2^53; infinite beyond the range of double.
REGARD_LAZY
double choose(Index n, Index k) {
  double count = 1;
  const Index less = std::min(k, n - k);
  for (Index i = 1; i <= less && std::isfinite(count); ++i)
    count = std::round(count * static_cast<double>(n - less + i) / static_cast<double>(i));
  return count;
}

/// A uniform order of the players (Fisher and Yates).
REGARD_LAZY
void draw_order(RandomStream& random, std::vector<Index>& order) {
  std::iota(order.begin(), order.end(), Index{0});
  for (Index i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[random.below(i)]);
}

/// A uniform coalition of `size` players (Floyd).
REGARD_LAZY
void draw_coalition(RandomStream& random, Index size, MutableCoalition& coalition) {
  coalition.clear();
  const Index players = coalition.players();
  for (Index last = players - size; last < players; ++last) {
    const Index player = random.below(last + 1);
    coalition.insert(coalition.contains(player) ? last : player);
  }
}

/// A uniform coalition: every player with probability 1/2.
REGARD_LAZY
void draw_coalition(RandomStream& random, MutableCoalition& coalition) {
  for (Index player = 0; player < coalition.players(); player += 64) {
    const std::uint64_t bits = random();
    for (Index i = 0; i < std::min<Index>(64, coalition.players() - player); ++i)
      coalition.assign(player + i, ((bits >> i) & 1) != 0);
  }
}

REGARD_LAZY
void complement(MutableCoalition& coalition) {
  for (Index player = 0; player < coalition.players(); ++player)
    coalition.flip(player);
}

/// Draws 0, ..., count - 1 with given weights.
REGARD_LAZY
class WeightedChoice {
 public:
  explicit WeightedChoice(std::vector<double> weights) : sums_(std::move(weights)) {
    std::partial_sum(sums_.begin(), sums_.end(), sums_.begin());
  }
  Index draw(RandomStream& random) const {
    const auto found = std::upper_bound(sums_.begin(), sums_.end(), random.uniform() * sums_.back());
    return std::min(static_cast<Index>(found - sums_.begin()), sums_.size() - 1);
  }

 private:
  std::vector<double> sums_;
};

} // namespace detail
} // namespace regard::inline REGARD_ABI
