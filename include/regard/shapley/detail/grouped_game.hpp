// SPDX-License-Identifier: MIT
// Body of shapley/grouped_game.hpp.
#pragma once

#include <regard/shapley/detail/sum.hpp>
#include <regard/shapley/grouped_game.hpp>

#include <utility>

namespace regard::inline REGARD_ABI {

template <class G>
GroupedGame<G>::GroupedGame(G game, std::vector<std::vector<Index>> groups)
    : game_(std::move(game)), groups_(std::move(groups)) {
  require_game<G>();
  std::vector<bool> seen(game_.players(), false);
  for (const std::vector<Index>& group : groups_)
    for (const Index player : group) {
      if (player >= seen.size())
        throw InvalidArgument("groups: found player " + std::to_string(player) + " in a game of " +
                              std::to_string(seen.size()) + " players");
      if (seen[player])
        throw InvalidArgument("groups: found player " + std::to_string(player) +
                              " twice, expected each once");
      seen[player] = true;
    }
}

template <class G>
double GroupedGame<G>::value(Coalition coalition) const {
  MutableCoalition members(game_.players());
  for (const Index group : coalition)
    for (const Index player : groups_[group])
      members.insert(player);
  return game_.value(members);
}

template <class G>
auto GroupedGame<G>::parts() const -> Parts requires std::same_as<G, PairwiseGame> {
  std::vector<Index> live;
  for (Index g = 0; g < groups_.size(); ++g)
    if (!groups_[g].empty())
      live.push_back(g);
  const Index n = live.size();
  std::vector<double> within(n);
  Tensor<double, 2> between({n, n});
  for (Index a = 0; a < n; ++a) {
    const std::vector<Index>& group = groups_[live[a]];
    detail::CompensatedSum inner;
    for (Index i = 0; i < group.size(); ++i) {
      if (game_.singleton() == Singleton::additive)
        inner.add(game_.single(group[i]));
      for (Index j = i + 1; j < group.size(); ++j)
        inner.add(game_.pair(group[i], group[j]));
    }
    within[a] = inner.value();
    if (group.size() == 1 && game_.singleton() == Singleton::self)
      between(a, a) = game_.single(group.front());
    for (Index b = 0; b < a; ++b) {
      detail::CompensatedSum pairs;
      for (const Index i : group)
        for (const Index j : groups_[live[b]])
          pairs.add(game_.pair(i, j));
      between(a, b) = pairs.value(); // one direction of the pair carries both
    }
  }
  return {std::move(live), std::move(within), mutual_game(std::move(between))};
}

template <class G>
std::vector<double> GroupedGame<G>::shapley_values() const requires std::same_as<G, PairwiseGame> {
  const Parts parts = this->parts();
  const std::vector<double> outer = parts.between.shapley_values();
  std::vector<double> values(groups_.size(), 0.0);
  for (Index a = 0; a < parts.groups.size(); ++a)
    values[parts.groups[a]] = outer[a] + parts.within[a];
  return values;
}

template <class G>
std::vector<double> GroupedGame<G>::shapley_values() const requires std::same_as<G, AdditiveGame> {
  const std::vector<double> weights = game_.shapley_values();
  std::vector<double> values;
  for (const std::vector<Index>& group : groups_) {
    detail::CompensatedSum total;
    for (const Index player : group)
      total.add(weights[player]);
    values.push_back(total.value());
  }
  return values;
}

} // namespace regard::inline REGARD_ABI
