// SPDX-License-Identifier: MIT
// Body of shapley/attention_matrix.hpp.
#pragma once

#include <regard/shapley/attention_matrix.hpp>
#include <regard/shapley/detail/sum.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Whether an Eigen argument, as it was passed, shows doubles in memory that outlives the call.
template <class Matrix>
constexpr bool shows_memory() {
  using M = std::remove_cvref_t<Matrix>;
  constexpr bool temporary =
      !std::is_lvalue_reference_v<Matrix> && std::derived_from<M, Eigen::PlainObjectBase<M>>;
  constexpr bool direct =
      (static_cast<unsigned>(M::Flags) & static_cast<unsigned>(Eigen::DirectAccessBit)) != 0;
  return direct && !temporary && std::is_same_v<typename M::Scalar, double>;
}

} // namespace detail

REGARD_INLINE AttentionMatrix::AttentionMatrix(TensorView<const double, 2> matrix)
    : data_(matrix.data()), players_(matrix.extent(0)), row_stride_(matrix.extent(1)) {
  check(matrix.extent(1));
}

REGARD_INLINE AttentionMatrix::AttentionMatrix(Tensor<double, 2>&& matrix) {
  own(std::move(matrix));
}

REGARD_INLINE AttentionMatrix::AttentionMatrix(std::vector<double>&& numbers, Index players)
    : AttentionMatrix(std::span<const double>(numbers), players) { // checks
  Tensor<double, 2> matrix({players, players});
  std::copy(numbers.begin(), numbers.end(), matrix.begin());
  own(std::move(matrix));
}

REGARD_INLINE AttentionMatrix::AttentionMatrix(std::span<const double> numbers, Index players)
    : data_(numbers.data()), players_(players), row_stride_(players) {
  const bool square =
      players == 0 ? numbers.empty() : numbers.size() % players == 0 && numbers.size() / players == players;
  if (!square)
    throw InvalidArgument("attention matrix: found " + std::to_string(numbers.size()) +
                          " numbers, expected " + std::to_string(players) + " rows of " +
                          std::to_string(players));
  check(players);
}

template <class Matrix>
requires EigenExpression<std::remove_cvref_t<Matrix>> AttentionMatrix::AttentionMatrix(Matrix&& matrix) {
  const Index rows = static_cast<Index>(matrix.rows()), columns = static_cast<Index>(matrix.cols());
  if constexpr (detail::shows_memory<Matrix>()) {
    data_ = matrix.data();
    players_ = rows;
    row_stride_ = static_cast<Index>(matrix.rowStride());
    column_stride_ = static_cast<Index>(matrix.colStride());
    check(columns);
  } else {
    Tensor<double, 2> copy({rows, columns});
    copy.matrix() = matrix.matrix().template cast<double>();
    own(std::move(copy));
  }
}

REGARD_INLINE void AttentionMatrix::own(Tensor<double, 2> matrix) {
  owned_ = std::make_shared<const Tensor<double, 2>>(std::move(matrix));
  data_ = owned_->data();
  players_ = owned_->extent(0);
  row_stride_ = owned_->extent(1);
  check(owned_->extent(1));
}

REGARD_INLINE void AttentionMatrix::check(Index columns) const {
  if (players_ != columns)
    throw InvalidArgument("attention matrix: found shape " + detail::to_string(Shape<2>{players_, columns}) +
                          ", expected as many columns as rows");
  for (Index row = 0; row < players_; ++row)
    for (Index column = 0; column < columns; ++column)
      if (const double entry = (*this)(row, column); !std::isfinite(entry))
        throw InvalidArgument("attention matrix: found " + detail::number_text(entry) + " in row " +
                              std::to_string(row) + ", column " + std::to_string(column) +
                              ", expected a finite number");
}

} // namespace regard::inline REGARD_ABI
