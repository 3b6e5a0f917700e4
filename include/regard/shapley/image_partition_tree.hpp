// SPDX-License-Identifier: MIT
// The tree over the patches of an image for Owen values and the partition explainer.
#pragma once

#include <regard/shapley/partition_tree.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Appends the merges of a rectangle of players and returns its node.
inline Index halve_rectangle(Index row, Index rows, Index column, Index columns, Index stride, Index players,
                             std::vector<std::vector<Index>>& merges) {
  if (rows * columns == 1)
    return row * stride + column;
  const bool across = rows >= columns;
  const Index half = (across ? rows : columns) / 2;
  const Index first = across ? halve_rectangle(row, half, column, columns, stride, players, merges)
                             : halve_rectangle(row, rows, column, half, stride, players, merges);
  const Index second =
      across ? halve_rectangle(row + half, rows - half, column, columns, stride, players, merges)
             : halve_rectangle(row, rows, column + half, columns - half, stride, players, merges);
  merges.push_back({first, second});
  return players + merges.size() - 1;
}

} // namespace detail

/// The binary tree that halves a grid of players (row by row) across its longer side again and again, a
/// square into an upper and a lower half first; the upper or left half is the smaller one. It is the tree by
/// which the package shap cuts images.
inline PartitionTree image_partition_tree(Index rows, Index columns) {
  std::vector<std::vector<Index>> merges;
  if (rows * columns > 1)
    detail::halve_rectangle(0, rows, 0, columns, columns, rows * columns, merges);
  return {rows * columns, std::move(merges)};
}

} // namespace regard::inline REGARD_ABI
