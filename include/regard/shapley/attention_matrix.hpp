// SPDX-License-Identifier: MIT
// The matrix that an attention game is played on: the caller's memory, not copied, or memory of its own.
//
//     regard::Tensor<double, 2> weights = ...;
//     std::vector<double> numbers = ...; // row-major
//     Eigen::MatrixXd dense = ...;
//     regard::mutual_game(weights);       // each of these reads the caller's memory,
//     regard::mutual_game({numbers, n});  // which must outlive the game
//     regard::mutual_game(dense);
//     regard::mutual_game(std::move(weights)); // these own it: moved,
//     regard::mutual_game(dense + dense);      // or evaluated
#pragma once

#include <regard/shapley/aggregate.hpp>

#include <concepts>
#include <memory>
#include <type_traits>

namespace regard::inline REGARD_ABI {

/// Satisfied by Eigen's matrices, arrays, maps, blocks and expressions.
template <class M>
concept EigenExpression = std::derived_from<M, Eigen::EigenBase<M>>;

/// A square matrix of finite numbers over the players: row = query, column = key. Converts from what holds
/// such a matrix, and keeps to one rule: numbers that lie in memory as doubles and belong to somebody else
/// are read there, and must outlive this object and its copies; temporaries are moved in, and anything else
/// is copied. Every constructor throws InvalidArgument when the matrix is not square, or naming row, column
/// and value of an entry that is not finite.
class AttentionMatrix {
 public:
  /// A matrix of the caller's, [players, players].
  AttentionMatrix(TensorView<const double, 2> matrix);
  AttentionMatrix(TensorView<double, 2> matrix) : AttentionMatrix(TensorView<const double, 2>(matrix)) {}
  AttentionMatrix(const Tensor<double, 2>& matrix) : AttentionMatrix(matrix.view()) {}
  /// One that is handed over.
  AttentionMatrix(Tensor<double, 2>&& matrix);

  /// `numbers` holds players * players of the caller's numbers, row after row.
  AttentionMatrix(std::span<const double> numbers, Index players);

  /// The same, handed over.
  AttentionMatrix(std::vector<double>&& numbers, Index players);

  /// The matrix of an aggregate.
  AttentionMatrix(const AggregatedAttention& attention) : AttentionMatrix(attention.matrix) {}
  AttentionMatrix(AggregatedAttention&& attention) : AttentionMatrix(std::move(attention.matrix)) {}

  /// Eigen's matrices in any storage order, maps and blocks with any stride, and expressions.
  template <class Matrix>
  requires EigenExpression<std::remove_cvref_t<Matrix>> AttentionMatrix(Matrix&& matrix);

  Index players() const { return players_; }
  double operator()(Index row, Index column) const {
    return data_[row * row_stride_ + column * column_stride_];
  }

 private:
  void own(Tensor<double, 2> matrix);
  void check(Index columns) const;

  std::shared_ptr<const Tensor<double, 2>> owned_; // none when the numbers are the caller's
  const double* data_ = nullptr;
  Index players_ = 0;
  Index row_stride_ = 0;
  Index column_stride_ = 1;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/attention_matrix.hpp>
#endif
