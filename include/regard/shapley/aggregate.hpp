// SPDX-License-Identifier: MIT
// From attention tensors, of any origin, to the matrix that an attention game is played on.
//
//     // attention and gradients: [layers, heads, tokens, tokens], in memory of the caller's
//     auto mean = regard::aggregate(attention, gradients, players);
//     auto phi = regard::shapley(regard::max_mutual_game(mean)).values;
//
// or, when no more than one layer should be in memory, layer by layer:
//
//     regard::AttentionAccumulator sums(tokens, players);
//     for (...)
//       sums.add(attention_of_layer, gradient_of_layer); // [heads, tokens, tokens]
//     auto mean = sums.result();                           // the same bits as above
#pragma once

#include <regard/tensor.hpp>

#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {

/// The mean over maps, that is over layers and heads, of the attention A (plain) or of A * max(0, G) with
/// G = d logit / d A (gradient), restricted to the tokens that are players and not normalised again
/// (arXiv 2508.08966). Row = query, column = key.
struct AggregatedAttention {
  Tensor<double, 2> matrix; ///< [players, players], in the order in which the players were given
  std::vector<double> cls;  ///< [players]: the class token's query row
  Index maps = 0;           ///< how many maps were averaged
};

/// Adds up attention layer by layer. Reads the players' rows and columns and the class token's row, nothing
/// else. Sums are taken in double and in the order of the calls, heads in increasing order.
class AttentionAccumulator {
 public:
  /// @param tokens       number of tokens of the input
  /// @param players      positions of the tokens that are players, each once, in the order of the result
  /// @param class_token  position of the class token
  /// Throws InvalidArgument naming a position that is out of range or repeated.
  REGARD_LAZY AttentionAccumulator(Index tokens, std::span<const Index> players, Index class_token = 0);

  /// Adds the attention of one layer, [heads, tokens, tokens].
  /// Throws InvalidArgument for another shape, or after a layer that came with its gradient.
  REGARD_LAZY void add(TensorView<const float, 3> attention);
  REGARD_LAZY void add(TensorView<const double, 3> attention);

  /// Adds attention * max(0, gradient) of one layer, both [heads, tokens, tokens].
  /// Throws InvalidArgument for another shape, or after a layer that came without its gradient.
  REGARD_LAZY void add(TensorView<const float, 3> attention, TensorView<const float, 3> gradient);
  REGARD_LAZY void add(TensorView<const double, 3> attention, TensorView<const double, 3> gradient);

  /// The mean of what was added. Throws InvalidArgument when that is nothing, or naming the tokens whose mean
  /// is not finite: a NaN or an infinity that was read, in a gradient too, is never lost on the way.
  REGARD_LAZY AggregatedAttention result() const;

 private:
  enum class Kind { undecided, plain, gradient };

  template <class Scalar>
  void add_layer(TensorView<const Scalar, 3> attention);
  template <class Scalar>
  void add_layer(TensorView<const Scalar, 3> attention, TensorView<const Scalar, 3> gradient);
  REGARD_LAZY void check_layer(const Shape<3>& shape, Kind kind);
  template <class Term>
  void add_terms(Index heads, Term term);
  REGARD_LAZY double mean(double sum, Index query, Index key) const;

  Index tokens_;
  std::vector<Index> players_;
  Index class_token_;
  Kind kind_ = Kind::undecided;
  Index maps_ = 0;
  Tensor<double, 2> matrix_; // sums so far
  std::vector<double> cls_;
};

/// Which parts of an attention tensor are averaged.
struct AggregateOptions {
  std::vector<Index> layers = {}; ///< 0-based, each once, in any order; empty means all
  Index class_token = 0;          ///< position of the class token
};

/// The mean attention over layers and heads; the divisor is the number of maps that were really added.
/// @param attention  [layers, heads, tokens, tokens]
/// @param players    positions of the tokens that are players, each once, in the order of the result
/// Throws InvalidArgument naming a player or a layer that does not exist or is repeated, for a tensor without
/// maps or whose maps are not square, or as AttentionAccumulator::result does.
REGARD_LAZY AggregatedAttention aggregate(TensorView<const float, 4> attention,
                                          std::span<const Index> players,
                                          const AggregateOptions& options = {});
/// The same in double.
REGARD_LAZY AggregatedAttention aggregate(TensorView<const double, 4> attention,
                                          std::span<const Index> players,
                                          const AggregateOptions& options = {});

/// The mean of attention * max(0, gradient), both [layers, heads, tokens, tokens].
REGARD_LAZY AggregatedAttention aggregate(TensorView<const float, 4> attention,
                                          TensorView<const float, 4> gradients,
                                          std::span<const Index> players,
                                          const AggregateOptions& options = {});
/// The same in double.
REGARD_LAZY AggregatedAttention aggregate(TensorView<const double, 4> attention,
                                          TensorView<const double, 4> gradients,
                                          std::span<const Index> players,
                                          const AggregateOptions& options = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/aggregate.hpp>
#endif
