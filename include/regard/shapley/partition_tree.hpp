// SPDX-License-Identifier: MIT
// Trees over the players: which players belong together, and which of those groups again.
//
//     regard::PartitionTree tree(4, {{0, 1}, {2, 3}, {4, 5}}); // node 4 = {0, 1}, node 5 = {2, 3}, node 6
//     all auto words = regard::PartitionTree::groups(4, {{0}, {1, 2}, {3}}); auto text  =
//     regard::text_partition_tree(pieces);        // of the tokens of a text
//
// Owen values (owen.hpp) and the partition explainer (partition.hpp) let groups come together.
#pragma once

#include <regard/core/error.hpp>
#include <regard/tensor.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI {

/// A rooted tree whose leaves are the players 0, ..., n - 1. Nodes are numbered as SciPy numbers the clusters
/// of a linkage: node i < n is player i, node n + k is merge k, and the last merge is the root.
class PartitionTree {
 public:
  /// @param merges  the children of each inner node, two or more: players and earlier merges. n - 1 merges of
  ///                two make a binary tree. None for a game of one player, or of none.
  /// Throws InvalidArgument naming a player that is missing or repeated, a merge without a place, a node that
  /// does not exist, or a merge of less than two.
  REGARD_LAZY PartitionTree(Index players, std::vector<std::vector<Index>> merges);

  /// Players in groups, and all groups below the root: the a priori unions of Owen (1977).
  /// @param groups  each player in exactly one; no group is empty
  /// Throws InvalidArgument as the constructor does.
  REGARD_LAZY static PartitionTree groups(Index players, std::span<const std::vector<Index>> groups);
  static PartitionTree groups(Index players, std::initializer_list<std::vector<Index>> groups) {
    return PartitionTree::groups(players, std::span(groups.begin(), groups.size()));
  }

  /// The binary tree that halves the row of players again and again, the first half the smaller one.
  REGARD_LAZY static PartitionTree halves(Index players);

  Index players() const { return players_; }
  Index nodes() const { return players_ + merges_.size(); }
  /// The last node. A tree without players has none.
  Index root() const { return nodes() - 1; }
  bool is_player(Index node) const { return node < players_; }
  /// The children of a node; none for a player.
  std::span<const Index> children(Index node) const {
    return is_player(node) ? std::span<const Index>() : std::span<const Index>(merges_[node - players_]);
  }
  /// The players below a node, in the order of the tree.
  std::span<const Index> leaves(Index node) const {
    return std::span<const Index>(order_).subspan(ranges_[node].first, ranges_[node].second);
  }
  /// Where the players below a node begin in that order.
  Index position(Index node) const { return ranges_[node].first; }
  /// Whether every merge joins two.
  REGARD_LAZY bool binary() const;

 private:
  REGARD_LAZY void check() const;
  REGARD_LAZY std::string name(Index node) const;

  Index players_;
  std::vector<std::vector<Index>> merges_;
  std::vector<Index> order_;                    // the players, so that those below a node stand together
  std::vector<std::pair<Index, Index>> ranges_; // of each node in order_: first, how many
};

/// The binary tree over the tokens of a text that the package shap 0.51 builds: neighbours are merged
/// greedily, first the continuations of a word ("##ing"), then what follows an apostrophe, small groups
/// before large ones, late across commas, full stops and their like, "but", "and", "or" and brackets that are
/// open. Equal scores merge from left to right. O(n^2) time.
///
/// The scores are shap's, its slips included: an opening bracket is put off whatever closes the other side.
/// Where shap works on the segments of a string, this works on the tokeniser's pieces, so that a continuation
/// that starts with a digit counts as one too.
///
/// @param pieces      tokens as WordPiece writes them, continuations marked by "##"
/// @param separators  pieces such as "[SEP]"; two of them that meet are merged last
REGARD_LAZY PartitionTree text_partition_tree(std::span<const std::string> pieces,
                                              std::span<const std::string> separators = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/partition_tree.hpp>
#endif
