// SPDX-License-Identifier: MIT
// Groups of players that act as one: whole words of several tokens, sentences, or what the caller lists.
//
//     auto words = regard::grouped(regard::mutual_game(matrix), {{0}, {1, 2}, {3}});
//     auto phi = regard::shapley(words).values; // three values
#pragma once

#include <regard/shapley/attention_games.hpp>

#include <concepts>
#include <vector>

namespace regard::inline REGARD_ABI {

/// The quotient of a game by groups of its players (Owen 1977): a coalition of groups is worth what the union
/// of their members is worth. Players that are in no group never take part.
template <class G>
class GroupedGame {
 public:
  /// @param groups  members of each group, by their number in `game`; no player stands in two groups
  /// Throws InvalidArgument naming a player that does not exist or is repeated.
  GroupedGame(G game, std::vector<std::vector<Index>> groups);

  Index players() const { return groups_.size(); }
  const std::vector<std::vector<Index>>& groups() const { return groups_; }
  const G& game() const { return game_; }

  double value(Coalition coalition) const;

  /// What a pair game is between groups: those that have members, what each of them brings to any coalition,
  /// and the pair game that the rest is. A group without members is a null player.
  struct Parts {
    std::vector<Index> groups;
    std::vector<double> within;
    PairwiseGame between;
  };
  Parts parts() const requires std::same_as<G, PairwiseGame>;

  /// The closed form of a pair game, O(n^2) in the number of ungrouped players: pairs within a group are an
  /// additive part, pairs between groups a pair game again, in which only a group of one has something to be
  /// alone with.
  std::vector<double> shapley_values() const requires std::same_as<G, PairwiseGame>;

  /// The closed form of an additive game: sums over the groups.
  std::vector<double> shapley_values() const requires std::same_as<G, AdditiveGame>;

 private:
  G game_;
  std::vector<std::vector<Index>> groups_;
};

/// The quotient of `game` by `groups`.
template <class G>
GroupedGame<G> grouped(G game, std::vector<std::vector<Index>> groups) {
  return GroupedGame<G>(std::move(game), std::move(groups));
}

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/grouped_game.hpp>
#endif
