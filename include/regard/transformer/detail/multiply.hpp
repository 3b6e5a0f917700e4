// SPDX-License-Identifier: MIT
// The matrix product of the forward and backward pass.
//
// Eigen's product is not used here: the bits of its rows depend on how many other rows there are (block sizes
// follow the whole shape, one row takes another path), and a result must have the same bits alone and in any
// batch. Here each element is the sum over k in increasing order, in blocks of a fixed length, whatever the
// number of rows and columns and wherever the element stands.
#pragma once

#include <regard/transformer/detail/simd.hpp>

#include <utility>

namespace regard::inline REGARD_ABI::detail {

/// A matrix in memory: element (i, j) stands at data[i * row_stride + j * column_stride].
template <class Scalar>
struct Operand {
  const Scalar* data;
  Index row_stride;
  Index column_stride = 1;
};

/// The transpose of a row-major matrix, or of any operand.
template <class Scalar>
Operand<Scalar> transposed(const Operand<Scalar>& a) {
  return {a.data, a.column_stride, a.row_stride};
}

/// What the product is added to.
enum class Start { zero, bias, result };

/// Register tile: `tile_rows` rows by `tile_packs` packs of columns fill the registers with accumulators.
inline constexpr Index tile_packs = 2;
inline constexpr Index tile_rows = simd_registers == 32 ? 12 : 6;
inline constexpr Index depth_block = 256;
template <class Scalar>
inline constexpr Index tile_columns = tile_packs* Pack<Scalar>::lanes;

/// Rows `Rows` of one tile: c = start + a * panel over `depth` steps, accumulators in registers. The rows of
/// `start` are `start_stride` apart: 0 for one row that all begin with.
template <class Scalar, Index... Row>
void multiply_tile(Index depth, const Operand<Scalar>& a, const Scalar* panel, const Scalar* start,
                   Index start_stride, Scalar* c, Index stride, std::integer_sequence<Index, Row...>) {
  using P = Pack<Scalar>;
  using Native = typename P::Native;
  Native low[] = {P::load(start + Row * start_stride)...};
  Native high[] = {P::load(start + Row * start_stride + P::lanes)...};
  const Scalar* row[] = {(a.data + Row * a.row_stride)...};
  for (Index k = 0; k < depth; ++k) {
    const Native left = P::load(panel + k * tile_columns<Scalar>);
    const Native right = P::load(panel + k * tile_columns<Scalar> + P::lanes);
    const Index at = k * a.column_stride;
    const auto step = [&](Native& l, Native& r, Scalar value) {
      const Native factor = P::broadcast(value);
      l = l + factor * left;
      r = r + factor * right;
    };
    (step(low[Row], high[Row], row[Row][at]), ...);
  }
  ((P::store(c + Row * stride, low[Row]), P::store(c + Row * stride + P::lanes, high[Row])), ...);
}

/// Calls multiply_tile with the compile-time row count equal to `rows`, at most `Rows`.
template <Index Rows, class Scalar>
void multiply_rows(Index rows, Index depth, const Operand<Scalar>& a, const Scalar* panel,
                   const Scalar* start, Index start_stride, Scalar* c, Index stride) {
  if constexpr (Rows > 0) {
    if (rows == Rows)
      multiply_tile<Scalar>(depth, a, panel, start, start_stride, c, stride,
                            std::make_integer_sequence<Index, Rows>{});
    else
      multiply_rows<Rows - 1>(rows, depth, a, panel, start, start_stride, c, stride);
  }
}

#if defined(__GNUC__)

/// One step of the transposition of a square of packs: swaps the blocks of `Distance` beside the diagonal.
template <Index Distance, class Native, std::size_t... Lane>
void swap_blocks(Native* rows, std::index_sequence<Lane...>) {
  constexpr auto lanes = static_cast<int>(sizeof...(Lane)), distance = static_cast<int>(Distance);
  for (Index r = 0; r < sizeof...(Lane); ++r) {
    if ((r & Distance) != 0)
      continue;
    const Native a = rows[r], b = rows[r + Distance];
    rows[r] = __builtin_shufflevector(
        a, b,
        ((Lane & Distance) == 0 ? static_cast<int>(Lane) : lanes + static_cast<int>(Lane) - distance)...);
    rows[r + Distance] = __builtin_shufflevector(
        a, b,
        ((Lane & Distance) == 0 ? static_cast<int>(Lane) + distance : lanes + static_cast<int>(Lane))...);
  }
}

/// Transposes a square of as many packs as each has lanes.
template <class Scalar, Index Distance = 1>
void transpose_packs(typename Pack<Scalar>::Native* rows) {
  if constexpr (Distance < Pack<Scalar>::lanes) {
    swap_blocks<Distance>(rows, std::make_index_sequence<Pack<Scalar>::lanes>{});
    transpose_packs<Scalar, 2 * Distance>(rows);
  }
}

/// Transposes rows j of `from`, `depth` numbers each, into columns j of a panel, square by square.
/// @return how many columns are done, all but the last few
template <class Scalar>
Index pack_transposed(Index depth, Index columns, const Scalar* from, Index stride, Scalar* panel) {
  using P = Pack<Scalar>;
  constexpr Index width = tile_columns<Scalar>, side = P::lanes;
  const Index done = columns - columns % side;
  for (Index j = 0; j < done; j += side) {
    const Scalar* const row = from + j * stride;
    Scalar* const column = panel + j;
    Index k = 0;
    for (; k + side <= depth; k += side) {
      typename P::Native square[side];
      for (Index i = 0; i < side; ++i)
        square[i] = P::load(row + i * stride + k);
      transpose_packs<Scalar>(square);
      for (Index i = 0; i < side; ++i)
        P::store(column + (k + i) * width, square[i]);
    }
    for (; k < depth; ++k)
      for (Index i = 0; i < side; ++i)
        column[k * width + i] = row[i * stride + k];
  }
  return done;
}

#else

template <class Scalar>
Index pack_transposed(Index, Index, const Scalar*, Index, Scalar*) {
  return 0;
}

#endif

/// Copies `depth` rows and `columns` columns of b into a panel of full width, zeros beyond.
template <class Scalar>
void pack_panel(Index depth, Index columns, const Operand<Scalar>& b, Scalar* panel) {
  constexpr Index width = tile_columns<Scalar>;
  if (columns < width)
    std::fill(panel, panel + depth * width, Scalar(0));
  if (b.column_stride == 1) {
    for (Index k = 0; k < depth; ++k)
      std::copy(b.data + k * b.row_stride, b.data + k * b.row_stride + columns, panel + k * width);
  } else {
    Index done = 0;
    if (b.row_stride == 1)
      done = pack_transposed(depth, columns, b.data, b.column_stride, panel);
    for (Index j = done; j < columns; ++j) {
      const Scalar* const from = b.data + j * b.column_stride;
      for (Index k = 0; k < depth; ++k)
        panel[k * width + j] = from[k * b.row_stride];
    }
  }
}

/// c [m, n] = start + a [m, k] * b [k, n]; c is row-major with `c_stride`. `bias` [n] is read for
/// Start::bias.
template <class Scalar>
void multiply(Index m, Index n, Index k, const Operand<Scalar>& a, const Operand<Scalar>& b, Scalar* c,
              Index c_stride, Start start = Start::zero, const Scalar* bias = nullptr) {
  constexpr Index width = tile_columns<Scalar>;
  alignas(64) Scalar panel[depth_block * width];
  alignas(64) Scalar edge[tile_rows * width] = {};
  alignas(64) Scalar first_row[width] = {}; // what all rows begin with: zeros, or the bias
  if (k == 0 && start != Start::result)
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j)
        c[i * c_stride + j] = start == Start::bias ? bias[j] : Scalar(0);
  for (Index first = 0; first < k; first += depth_block) {
    const Index depth = std::min(depth_block, k - first);
    const bool goes_on = first > 0 || start == Start::result;
    for (Index j = 0; j < n; j += width) {
      const Index columns = std::min(width, n - j);
      pack_panel(depth, columns,
                 {b.data + first * b.row_stride + j * b.column_stride, b.row_stride, b.column_stride}, panel);
      if (start == Start::bias)
        std::copy(bias + j, bias + j + columns, first_row);
      for (Index i = 0; i < m; i += tile_rows) {
        const Index rows = std::min(tile_rows, m - i);
        const Operand<Scalar> block{a.data + i * a.row_stride + first * a.column_stride, a.row_stride,
                                    a.column_stride};
        Scalar* const tile = c + i * c_stride + j;
        if (columns == width) {
          multiply_rows<tile_rows>(rows, depth, block, panel, goes_on ? tile : first_row,
                                   goes_on ? c_stride : 0, tile, c_stride);
          continue;
        }
        for (Index r = 0; r < rows && goes_on; ++r)
          std::copy(tile + r * c_stride, tile + r * c_stride + columns, edge + r * width);
        multiply_rows<tile_rows>(rows, depth, block, panel, goes_on ? edge : first_row, goes_on ? width : 0,
                                 edge, width);
        for (Index r = 0; r < rows; ++r)
          std::copy(edge + r * width, edge + r * width + columns, tile + r * c_stride);
      }
    }
  }
}

} // namespace regard::inline REGARD_ABI::detail
