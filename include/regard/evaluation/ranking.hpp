// SPDX-License-Identifier: MIT
// Which players an explanation puts first: the one place where ties, rounding and bad numbers are decided.
//
//     const auto ranking = regard::rank_descending(why.values);
//     const auto kept = regard::top_players(ranking, regard::top_count(ranking.size(), 20)); // the best 20%
#pragma once

#include <regard/shapley/coalition.hpp>

#include <cmath>
#include <numeric>
#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {

/// Positions by signed score, the largest first; of equal scores the one that comes first in the input.
/// Throws InvalidArgument naming the position of a score that is not finite: no ranking can place it.
REGARD_LAZY
std::vector<Index> rank_descending(std::span<const double> scores) {
  for (Index i = 0; i < scores.size(); ++i)
    if (!std::isfinite(scores[i]))
      throw InvalidArgument("scores: found " + std::to_string(scores[i]) + " for player " +
                            std::to_string(i) + ", expected a finite number");
  std::vector<Index> order(scores.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return scores[a] > scores[b]; });
  return order;
}

/// ceil(players * percent / 100), in whole numbers. Throws InvalidArgument for more than 100 percent.
REGARD_LAZY
Index top_count(Index players, Index percent) {
  if (percent > 100)
    throw InvalidArgument("percentage: found " + std::to_string(percent) + ", expected 0 to 100");
  return (players * percent + 99) / 100;
}

/// The first `count` players of a ranking of all of them; all where there are fewer.
REGARD_LAZY
MutableCoalition top_players(std::span<const Index> ranking, Index count) {
  return {ranking.size(), ranking.first(std::min(count, ranking.size()))};
}

/// The players that are no members.
REGARD_LAZY
MutableCoalition complement_of(const Coalition& coalition) {
  MutableCoalition others(coalition.players());
  for (Index i = 0; i < coalition.players(); ++i)
    others.assign(i, !coalition.contains(i));
  return others;
}

} // namespace regard::inline REGARD_ABI
